// Labs whose agents' provider does not answer as it should: they wait, each time longer.
#pragma once

#include "coordinator/swarm/change.h"

namespace swarmlab::swarm {

// For evolve() alone.
void apply(State& state, const ProviderFailed& fact);
void apply(State& state, const ProviderAnswered& fact);

}  // namespace swarmlab::swarm
