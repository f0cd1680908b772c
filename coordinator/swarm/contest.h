// What becomes of a measured candidate of a lab with several metrics: it is kept if none of the
// kept ones dominates it (judge/pareto.h), shown for one after the other that could.
#pragma once

#include "coordinator/swarm/verdict.h"

namespace swarmlab::swarm {

/// A candidate that is measured, once or in pairs with task.pending's reference.
/// \pre  several metrics; all runs tell them; the constraints hold, or nearly
[[nodiscard]] Ruling rule_on_several(const State& state, const Lab& lab, const Task& task,
                                     const Experiment& so_far);

}  // namespace swarmlab::swarm
