// The system calls that no agent and no evaluator needs, and that attacks on the kernel do.
#pragma once

#include <string>

#include "common/result.h"

namespace swarmlab::sandbox {

/// A filter as `bwrap --seccomp` takes it: all is allowed but mounts, namespaces, keys, tracing of
/// the kernel, io_uring, modules, rare socket families, and typing into a terminal.
[[nodiscard]] Result<std::string> seccomp_filter();

}  // namespace swarmlab::sandbox
