// What a restored backup must not give out again: workers of the lost history may still hold tasks,
// tokens and reports that this state knows nothing of.
#pragma once

#include "coordinator/swarm/change.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

/// The jump of all numbers. Tokens follow the clock, so that two restores of one backup differ: a
/// history would have to give out four million leases a millisecond to reach the next one's.
/// \param random  decides where the clock cannot, because it was set back
[[nodiscard]] BackupRestored jump_ahead(const State& state, Timestamp now, std::uint32_t random);

}  // namespace swarmlab::swarm
