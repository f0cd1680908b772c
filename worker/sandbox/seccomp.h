// The system calls that no agent and no evaluator needs, and that attacks on the kernel do.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/result.h"

namespace swarmlab::sandbox {

/// A filter as `bwrap --seccomp` takes it: all is allowed but mounts, namespaces, keys, tracing of
/// the kernel, io_uring, modules, rare socket families, and typing into a terminal.
[[nodiscard]] Result<std::string> seccomp_filter();

/// The same, and process 1 is out of reach: for a kernel that lets it be killed from inside.
[[nodiscard]] Result<std::string> guarding_filter();

// Of a command that shares its user, its processes and its network with others.
struct SharedWith {
  std::vector<pid_t> processes;     // that it must not touch
  bool is_traced_by_kernel = true;  // the kernel keeps it from tracing others (Landlock)
  bool is_cut_by_kernel = true;     // ... and from truncating what it may not write
};

/// The same and more: signals, priorities and limits of these processes, sockets but unix and TCP,
/// what leads past connect(2), shared memory and queues of System V. socket(2) of TCP and
/// connect(2) are left to the supervisor (seccomp_unotify(2)) that the filter must be installed
/// with.
[[nodiscard]] Result<std::string> shared_filter(const SharedWith& with);

}  // namespace swarmlab::sandbox
