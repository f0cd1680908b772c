// What decided experiments teach a lab of the noise of its metrics, and of the machines. For
// evolve().
#pragma once

#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

/// \param task  of the experiment, as it was before this one was decided
void learn_from(Lab& lab, const Task& task, const Experiment& experiment);

}  // namespace swarmlab::swarm
