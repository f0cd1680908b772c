// Where a runner is: whether that is a container of its own, and what it is given there.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"

namespace swarmlab::runner {

/// Whether this process may kill all that it sees: it is the main process of a pid namespace, or
/// the child of its init, nobody else is there, and it is an ordinary user without capabilities.
/// \return conflict with what is not so
[[nodiscard]] Result<void> check_alone();

/// Kills all in this pid namespace but its first process and the caller, and waits until they are
/// dead. \return unavailable if they do not die
[[nodiscard]] Result<void> end_all_others();

/// Removes what lies in folders that all runs share. What cannot be removed stays.
void clear_temporary_folders();

/// The processes that a command must not touch: those above the caller, itself, and their groups.
[[nodiscard]] std::vector<pid_t> own_processes();

/// Of this container, as its control group says; 0: it says nothing.
[[nodiscard]] std::uint64_t memory_limit();

/// Inode of the network namespace.
[[nodiscard]] std::uint64_t network_namespace();

}  // namespace swarmlab::runner
