// Stops a process and all below it, as one: nothing of them runs until they are let go.
#pragma once

#include <sys/types.h>

#include "common/os/clock.h"
#include "common/result.h"

namespace swarmlab::sandbox {

/// SIGSTOP to the process and all its descendants, those that are made meanwhile included, until
/// all stand still. \pre  `first` is not reaped meanwhile, and who loses its parent becomes its
/// child (the first process of a pid namespace). \return  unavailable if they do not in time: then
/// they go on
[[nodiscard]] Result<void> hold_still(pid_t first, Deadline deadline);
/// SIGCONT to the same.
void let_go_on(pid_t first);

}  // namespace swarmlab::sandbox
