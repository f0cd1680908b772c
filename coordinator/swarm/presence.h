// What facts about who is there do to the state. For evolve() alone.
#pragma once

#include "coordinator/swarm/change.h"

namespace swarmlab::swarm {

void apply(State& state, const WorkerReserved& fact);
void apply(State& state, const WorkerSeen& fact);
void apply(State& state, const SlotServed& fact);
void apply(State& state, const WorkerGone& fact);
void apply(State& state, const LeaseExtended& fact);
void apply(State& state, const AlarmRaised& fact);
void apply(State& state, const AlarmCleared& fact);

}  // namespace swarmlab::swarm
