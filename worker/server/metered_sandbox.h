// A sandbox whose starts and failures are counted.
#pragma once

#include <memory>

#include "worker/sandbox/sandbox.h"
#include "worker/server/work_tally.h"

namespace swarmlab::worker {

/// \param tally  outlives it
[[nodiscard]] std::unique_ptr<sandbox::Sandbox> metered(std::unique_ptr<sandbox::Sandbox> sandbox,
                                                        WorkTally& tally);

}  // namespace swarmlab::worker
