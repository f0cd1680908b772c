// Sees one sandboxed process tree through: collects its output, ends it when it must end, and
// returns when all of it is dead. One poll loop, no threads, no sleeps.
#pragma once

#include <string>
#include <vector>

#include "common/os/process.h"
#include "worker/sandbox/cgroup.h"
#include "worker/sandbox/sandbox.h"
#include "worker/sandbox/tree.h"

namespace swarmlab::sandbox {

struct Job {
  const SandboxRequest* request = nullptr;
  SpawnRequest spawn = {};                 // the tree adds the command's 0 to 3; empty: none
  Tree* tree = nullptr;                    // never null
  Gatekeeper* gates = nullptr;             // may be null
  std::vector<UniqueFd> handed_over = {};  // what `spawn` passes on; closed once it has started
  Cgroup* cgroup = nullptr;                // may be null
  // Of the driver, until the command starts; 0: the command's own time covers it.
  Milliseconds start_within{0};
  bool words_apart = false;  // the driver has a stderr that is not the command's
};

/// \return unavailable when the sandbox itself could not start, in its own words.
[[nodiscard]] Result<SandboxResult> supervise(Job job, const CancelToken& cancel);

/// \return invalid_input if the request makes no sense, or names paths that are not there.
[[nodiscard]] Result<void> check_request(const SandboxRequest& request);

/// Whether a driver can run it at all. \return unavailable if the request names another driver,
/// invalid_input if it names an image and this one has none
[[nodiscard]] Result<void> check_driver(const SandboxRequest& request, std::string_view driver);

/// Host folders of the request that its command may write to.
[[nodiscard]] std::vector<std::string> writable_folders(const SandboxRequest& request);

/// Limits that hold for each process of a run, whatever else is there.
[[nodiscard]] std::vector<ResourceLimit> process_limits(const ResourceLimits& limits,
                                                        bool memory_is_limited);

/// What /bin/sh -c runs for the request.
[[nodiscard]] std::vector<std::string> shell_words(const SandboxRequest& request,
                                                   bool processes_are_limited);

}  // namespace swarmlab::sandbox
