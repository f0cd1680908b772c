#include "coordinator/swarm/evolve_parts.h"

#include "common/result.h"
#include "coordinator/swarm/fit.h"
#include "coordinator/swarm/share.h"
#include "coordinator/swarm/stop.h"

namespace swarmlab::swarm {

Lab& lab_in(State& state, LabId id) {
  const auto found = state.labs.find(id);
  SWARMLAB_ASSERT(found != state.labs.end());
  return found->second;
}

Task& task_in(State& state, TaskId id) {
  const auto found = state.tasks.find(id);
  SWARMLAB_ASSERT(found != state.tasks.end());
  return found->second;
}

void add(Cost& sum, const Cost& cost) {
  sum.usd = plus(sum.usd, cost.usd);
  sum.input_tokens += cost.input_tokens;
  sum.output_tokens += cost.output_tokens;
}

void put_waiting(Index::OfLab& open, const Task& task) {
  if (makes_experiment(task.kind)) {
    open.waiting.insert(task.id);
  } else {
    open.checks[task.scale].insert(task.id);
  }
}

void take_waiting(Index::OfLab& open, const Task& task) {
  open.waiting.erase(task.id);
  const auto checks = open.checks.find(task.scale);
  if (checks == open.checks.end()) return;
  checks->second.erase(task.id);
  if (checks->second.empty()) open.checks.erase(checks);
}

void release(State& state, Task& task, Timestamp at) {
  SWARMLAB_ASSERT(task.lease.has_value());
  Budget& budget = lab_in(state, task.lab).budget;
  budget.reserved = MicroUsd(budget.reserved.value() - task.lease->reserved.value());
  SWARMLAB_ASSERT(budget.reserved.value() >= 0);
  const auto holder = state.index.holds.find(task.lease->worker);
  SWARMLAB_ASSERT(holder != state.index.holds.end());
  holder->second.erase(task.id);
  Resources& taken = state.index.taken.at(task.lease->worker);
  taken = minus(taken, task.lease->takes);
  if (holder->second.empty()) {
    state.index.holds.erase(holder);
    state.index.taken.erase(task.lease->worker);
  }
  note_ended(state.shares, task.lab, at - task.lease->granted_at);
  Index::OfLab& open = state.index.labs[task.lab];
  const bool was_current = open.leased.erase(task.id) == 1;
  if (was_current && !makes_experiment(task.kind)) open.leased_checks -= 1;
  open.orphaned.erase(task.id);
  put_waiting(open, task);
  state.presence.deadlines.erase(task.id);
  state.presence.announced.erase(task.id);
  task.lease.reset();
}

void remove(State& state, Task& task, Timestamp at) {
  if (task.lease) release(state, task, at);
  const TaskId id = task.id;
  Index::OfLab& open = state.index.labs[task.lab];
  take_waiting(open, task);
  if (open.simplifies == id) open.simplifies.reset();
  state.tasks.erase(id);
}

}  // namespace swarmlab::swarm
