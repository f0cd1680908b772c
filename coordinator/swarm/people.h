// What facts that come from people do to the state. For evolve() alone.
#pragma once

#include "coordinator/swarm/change.h"

namespace swarmlab::swarm {

void apply(State& state, const HintGiven& fact);
void apply(State& state, const HintWithdrawn& fact);
void apply(State& state, const ExperimentRejected& fact);
void apply(State& state, const HypothesisAnnounced& fact);

}  // namespace swarmlab::swarm
