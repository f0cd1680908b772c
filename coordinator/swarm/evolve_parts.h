// What applying facts has in common: looking up what must be there, and the ends of leases and
// tasks. For evolve() only: nobody else writes the state.
#pragma once

#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

/// \pre  it is there
[[nodiscard]] Lab& lab_in(State& state, LabId id);
[[nodiscard]] Task& task_in(State& state, TaskId id);

void add(Cost& sum, const Cost& cost);

/// A task waits for a worker, where its kind does; or does not any more.
void put_waiting(Index::OfLab& open, const Task& task);
void take_waiting(Index::OfLab& open, const Task& task);

/// Takes the lease off a task: refunds what it reserved, and nobody holds it any more.
void release(State& state, Task& task, Timestamp at);
/// The task is no more.
void remove(State& state, Task& task, Timestamp at);

}  // namespace swarmlab::swarm
