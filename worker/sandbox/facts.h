// What the sandbox can do on this machine, for `doctor`: facts first, then what a person can do.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"

namespace swarmlab::sandbox {

struct SandboxFacts {
  std::string bubblewrap = {};          // its path; empty: not found
  std::string bubblewrap_version = {};  // "0.8.0"
  bool starts = false;                  // a sandbox with all of our settings ran `true`
  std::string problem = {};  // why it does not start, in bubblewrap's or the kernel's words
  std::string fix = {};      // what to do about it; may be empty
  bool disables_user_namespaces = false;  // --disable-userns works, besides the seccomp filter
  std::string cgroups = {};               // "v2 at PATH", "v1 at PATH" or "none: why"
  std::vector<std::string>
      enforced;  // limits that hold for a whole tree: "memory", "processes", ...
  std::vector<std::string>
      weaker;  // limits that hold for each process only, or not at all, with why
};

// The container engine that answers here.
struct EngineFacts {
  std::string name;                 // "docker", "podman"
  std::vector<std::string> weaker;  // as above
};

/// Starts one sandbox, so it takes some 10 ms. Never fails: a problem is a fact.
[[nodiscard]] SandboxFacts read_sandbox_facts();
/// Starts nothing. \return unavailable with what the engines say if none answers
[[nodiscard]] Result<EngineFacts> read_engine_facts();

}  // namespace swarmlab::sandbox
