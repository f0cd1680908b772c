// One command of a runner: the process that becomes it, confined, and the one that supervises its
// sockets.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/result.h"
#include "worker/runner/landlock.h"
#include "worker/sandbox/inside/sockets.h"

namespace swarmlab::runner {

struct Confined {
  int landlock = 0;  // the version of its interface; 0: the command is confined by the filter alone
  std::vector<Confinement::Path> system;  // that all commands see
  std::vector<pid_t> protect;  // processes that it must not touch, besides its supervisor
};

struct Started {
  pid_t command = 0;
  pid_t supervisor = 0;
};

/// Both are children of the caller, who has one thread. \param got  the descriptors of a run
/// \return unavailable with what did not work
[[nodiscard]] Result<Started> start(const sandbox::Descriptors& got, const Confined& how);

}  // namespace swarmlab::runner
