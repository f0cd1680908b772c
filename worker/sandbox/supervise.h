// Sees one sandboxed process tree through: collects its output, ends it when it must end, and
// returns when all of it is dead. One poll loop, no threads, no sleeps.
#pragma once

#include <string>
#include <vector>

#include "common/os/process.h"
#include "worker/sandbox/cgroup.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::sandbox {

struct Job {
  const SandboxRequest* request = nullptr;
  SpawnRequest spawn = {};  // 0 to 3 are added here
  // Where bubblewrap reports the process that holds the tree's pid namespace, and the exit code of
  // the command; without: the spawned process is the command itself, and its group is the tree.
  UniqueFd status = {};
  // Bubblewrap starts the command when this is closed. A request with gates has it, or the gates
  // are open already.
  UniqueFd block = {};
  Gatekeeper* gates = nullptr;             // may be null
  std::vector<UniqueFd> handed_over = {};  // what `spawn` passes on; closed once it has started
  Cgroup* cgroup = nullptr;                // may be null
};

/// \return unavailable when the sandbox itself could not start, in its own words.
[[nodiscard]] Result<SandboxResult> supervise(Job job, const CancelToken& cancel);

/// Host folders of the request that its command may write to.
[[nodiscard]] std::vector<std::string> writable_folders(const SandboxRequest& request);

/// Limits that hold for each process of a run, whatever else is there.
[[nodiscard]] std::vector<ResourceLimit> process_limits(const ResourceLimits& limits,
                                                        const CgroupAbilities& cgroups);

/// What /bin/sh -c runs for the request.
[[nodiscard]] std::vector<std::string> shell_words(const SandboxRequest& request,
                                                   const CgroupAbilities& cgroups);

}  // namespace swarmlab::sandbox
