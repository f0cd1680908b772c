// Stops a process and all below it, as one: nothing of them runs until they are let go.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "common/os/clock.h"
#include "common/result.h"

namespace swarmlab::sandbox {

/// Whether the first process is held, too. One of ours that must hear its worker is not.
enum class Whom : std::uint8_t { first_and_all_below, all_below };

/// SIGSTOP to the process and all its descendants, those that are made meanwhile included, until
/// all stand still. \pre  `first` is not reaped meanwhile, and who loses its parent becomes its
/// child (the first process of a pid namespace). \return  unavailable if they do not in time: then
/// they go on
[[nodiscard]] Result<void> hold_still(pid_t first, Whom whom, Deadline deadline);
/// SIGCONT to the same.
void let_go_on(pid_t first, Whom whom);

/// The process and all its descendants, as of now.
[[nodiscard]] std::vector<pid_t> processes_of(pid_t first);

}  // namespace swarmlab::sandbox
