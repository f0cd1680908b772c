// What a lease that runs an agent reserves of a lab's money.
#pragma once

#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

/// What an experiment of this lab cost lately, on average. As long as nothing is known: a part of
/// the limit, so that it is not spent on many that begin at once. 0: nothing costs anything.
[[nodiscard]] MicroUsd expected_cost(const Lab& lab);

}  // namespace swarmlab::swarm
