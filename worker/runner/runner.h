// `swarmlab runner`: the main process of a container that runs what is not trusted. A worker of the
// same pod connects to its socket and starts one command after the other in it: docs/drivers.md.
//
// It has no key, no settings and no use of a network, and it is all that survives of a run: when a
// command ends, or its worker hangs up, all else in the container is killed, and the folders that
// runs share are cleared.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"

namespace swarmlab::runner {

struct RunnerOptions {
  std::string socket;               // absolute; made anew for each run
  std::vector<std::string> expose;  // more paths that commands see, read-only
  // Serves where the kernel, or the container's seccomp profile, has no Landlock: commands may read
  // and write all that the container's user may.
  bool without_landlock = false;
};

/// Serves until SIGTERM or SIGINT. \pre the process has one thread, and no children
/// \return conflict if it is not in a container of its own, unavailable if something is missing
[[nodiscard]] Result<void> serve(const RunnerOptions& options);

}  // namespace swarmlab::runner
