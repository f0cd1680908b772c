// A sandbox of a worker whose whole process group may be told to end. A batch system, a terminal or
// `kill -- -PGID` signals agents and evaluators together with the worker: what such a signal ended
// is no fault of the candidate, and must not be told as one.
#pragma once

#include <memory>

#include "common/os/cancel.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::worker {

/// What a signal that asks to end ended, while the worker was told to leave or at most `grace`
/// before, is `cancelled`: it goes back. The grace is there because nobody says who hears a signal
/// first; only what ended by one is waited for.
/// \param told  that the worker leaves
[[nodiscard]] std::unique_ptr<sandbox::Sandbox> sharing_fate(
    std::unique_ptr<sandbox::Sandbox> sandbox, CancelToken told,
    Milliseconds grace = std::chrono::seconds(5));

}  // namespace swarmlab::worker
