// What a lease may spend of its lab's money. Pure.
#pragma once

#include "coordinator/swarm/state.h"

namespace swarmlab::server {

/// What is neither spent nor reserved by other leases, a millionth of a dollar at least; 0: the lab
/// has no limit.
[[nodiscard]] MicroUsd left_for(const swarm::Lab& lab, const swarm::Lease& lease);

}  // namespace swarmlab::server
