// The state as the log of events gives it: what records are held against (I6), and made from where
// a newer build keeps more.
#pragma once

#include "common/result.h"
#include "coordinator/store/database.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::store {

/// \return  corrupt if an event is missing or cannot be read
/// \complexity  linear in events
[[nodiscard]] Result<swarm::State> replay_from(const Database& database);

}  // namespace swarmlab::store
