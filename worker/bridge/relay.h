// Carries bytes between two connections until both are done.
#pragma once

#include <cstdint>

#include "common/os/cancel.h"
#include "common/strong_id.h"

namespace swarmlab::worker {

/// Both ways, each until its sender ends it; ends early when nothing came for `silence`, at the
/// cancel, or when one side is gone. Closes neither.
void relay(int a, int b, Milliseconds silence, const CancelToken& stop);

}  // namespace swarmlab::worker
