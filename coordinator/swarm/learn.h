// What the runs of a report say beyond the verdict: how noisy the lab is, what the reference is
// worth, and whether a worker measures as others do.
#pragma once

#include <optional>

#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

/// What ran beside the candidate in the pair that a report brought; none: it brought no pair.
/// \param so_far  the task's experiment, with the report's measurements added to it
[[nodiscard]] std::optional<ExperimentNumber> ran_beside(const Task& task,
                                                         const Experiment& so_far);

/// A kept candidate that ran once more. Its level follows the mean of its runs as they would be at
/// home; a run on a class of hosts that nothing is known of says nothing.
[[nodiscard]] FrontierEntry with_run(const Lab& lab, const FrontierEntry& entry,
                                     const Measurement& run);

/// The reference of a pair ran once more.
void learn_level(Lab& lab, ExperimentNumber reference, const Measurement& run);

/// Of a decided experiment, as evolve() applies it. \pre  the task is still there
void learn(State& state, Lab& lab, const Task& task, const Experiment& experiment);

/// Why the measurements of a worker are not to count any more; empty: they count. It takes two
/// others to tell who is wrong, and only the one that is furthest off is accused.
/// \complexity  linear in workers, if this one is off
[[nodiscard]] std::string why_distrust(const State& state, const Worker& worker);

/// Whether the worker may measure for the lab at all: one that is not trusted may run agents where
/// other workers measure again.
[[nodiscard]] bool may_explore(const Worker& worker, const Lab& lab);

}  // namespace swarmlab::swarm
