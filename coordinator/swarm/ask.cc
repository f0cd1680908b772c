// A worker asks for work: what waits goes first, then the lab with the fewest leases gets a new
// task. Baseline first; and never a lease that a stop limit forbids (I4).
#include <algorithm>

#include "common/result.h"
#include "coordinator/policy/policy.h"
#include "coordinator/swarm/find.h"
#include "coordinator/swarm/handlers.h"
#include "coordinator/swarm/stop.h"

namespace swarmlab::swarm {
namespace {

enum class Obstacle : std::uint8_t { none, not_running, time, money, baseline, iterations };

// Against any lease of the lab.
Obstacle against_a_lease(const Lab& lab, const Standing& standing, Timestamp now) {
  const StopLimits& limits = lab.settings.stop;
  if (lab.status != LabStatus::running) return Obstacle::not_running;
  if (limits.max_time.count() != 0 && running_time(standing, now) >= limits.max_time) {
    return Obstacle::time;
  }
  if (money_is_taken(limits, standing)) return Obstacle::money;
  return Obstacle::none;
}

// Against one more experiment beside `running` ones. Baselines are not counted.
Obstacle against_another(const Lab& lab, const Standing& standing, std::uint64_t running) {
  const std::uint64_t most = lab.settings.stop.max_iterations;
  const bool full = most != 0 && standing.iterations + running >= most;
  return full && lab.segment.baseline_measured ? Obstacle::iterations : Obstacle::none;
}

Obstacle against_a_retry(const Lab& lab, const Standing& standing, Timestamp now) {
  const Obstacle obstacle = against_a_lease(lab, standing, now);
  return obstacle == Obstacle::none ? against_another(lab, standing, standing.leased) : obstacle;
}

Obstacle against_a_new_task(const Lab& lab, const Standing& standing, Timestamp now) {
  const Obstacle obstacle = against_a_lease(lab, standing, now);
  if (obstacle != Obstacle::none) return obstacle;
  const std::uint64_t open = standing.leased + standing.waiting;
  if (!lab.segment.baseline_measured && open > 0) return Obstacle::baseline;
  return against_another(lab, standing, open);
}

// The lowest waiting task that may be leased, or null.
const Task* next_waiting(const State& state, Timestamp now) {
  const Task* first = nullptr;
  for (const auto& [id, lab] : state.labs) {
    const std::set<TaskId>& waiting = state.index.labs.at(id).waiting;
    if (lab.status != LabStatus::running || waiting.empty()) continue;
    if (first != nullptr && first->id < *waiting.begin()) continue;
    if (against_a_retry(lab, standing_of(state, lab), now) != Obstacle::none) continue;
    first = &task_of(state, *waiting.begin());
  }
  return first;
}

// The lab whose turn it is to begin something, or null.
const Lab* next_lab(const State& state, Timestamp now) {
  const Lab* first = nullptr;
  std::uint64_t fewest = 0;
  for (const auto& [id, lab] : state.labs) {
    if (lab.status != LabStatus::running) continue;
    const Standing standing = standing_of(state, lab);
    if (against_a_new_task(lab, standing, now) != Obstacle::none) continue;
    if (first != nullptr && standing.leased >= fewest) continue;
    first = &lab;
    fewest = standing.leased;
  }
  return first;
}

TaskCreated new_task(const State& state, const Lab& lab) {
  TaskCreated fact{
      .task = state.next_task,
      .lab = lab.id,
      .kind = TaskKind::baseline,
      .experiment = lab.next_experiment,
      .segment = lab.segment.number,
      .parent = std::nullopt,
      .parent_commit = lab.segment.lab_commit,
      .picked_because = fmt::format("baseline of segment {}", lab.segment.number.value())};
  if (!lab.segment.baseline_measured) return fact;
  SWARMLAB_ASSERT(lab.best.has_value());
  const policy::View view{.frontier = lab.frontier,
                          .best = lab.best->number,
                          .baseline = lab.segment.baseline,
                          .direction = lab.settings.metric.direction};
  policy::Pick pick = policy::pick_parent(lab.settings.policy, view);
  fact.kind = TaskKind::explore;
  fact.parent = pick.parent;
  fact.parent_commit = lab.frontier.at(pick.parent).commit;
  fact.picked_because = std::move(pick.because);
  return fact;
}

// What an attempt of this lab cost so far, on average.
MicroUsd expected_cost(const Budget& budget) {
  if (budget.charged == 0) return MicroUsd(0);
  return MicroUsd(budget.spent.value() / static_cast<std::int64_t>(budget.charged));
}

// A slot that the worker does not have is not remembered: a peer could name them without end.
bool has_slot(const State& state, const WorkAsked& ask) {
  return ask.slot && *ask.slot < state.workers.at(ask.worker).slots;
}

Decision grant(const State& state, const Rules& rules, const WorkAsked& ask, const Lab& lab,
               TaskId task, std::vector<Change> changes, Timestamp now) {
  const FencingToken token = state.next_token;
  changes.emplace_back(LeaseGranted{.task = task,
                                    .worker = ask.worker,
                                    .token = token,
                                    .reserved = expected_cost(lab.budget),
                                    .at = now});
  changes.emplace_back(LeaseExtended{.task = task, .token = token, .until = now + rules.lease});
  if (has_slot(state, ask)) {
    changes.emplace_back(
        SlotServed{.worker = ask.worker, .slot = *ask.slot, .task = task, .token = token});
  }
  return {.changes = std::move(changes), .reply = Granted{.task = task, .token = token}};
}

std::string explain(const Lab& lab, const Standing& standing, Timestamp now) {
  const StopLimits& limits = lab.settings.stop;
  switch (against_a_new_task(lab, standing, now)) {
    case Obstacle::not_running:
      if (lab.status == LabStatus::paused) return "paused";
      return (lab.status == LabStatus::stopping ? "stopping: " : "stopped: ") + lab.stop_reason;
    case Obstacle::time:
      return "its time is over";
    case Obstacle::money:
      return fmt::format("{} of {} are spent or reserved by what runs",
                         money(plus(standing.spent, standing.reserved)), money(limits.max_cost));
    case Obstacle::baseline:
      return "baseline is running";
    case Obstacle::iterations:
      return fmt::format("{} of {} experiments are done or running",
                         standing.iterations + standing.leased + standing.waiting,
                         limits.max_iterations);
    case Obstacle::none:
      break;
  }
  return "ready";
}

// Labs that could still give work are told first; few of them, since every idle worker hears it.
std::string why_nothing(const State& state, Timestamp now) {
  if (state.labs.empty()) return "no lab is open";
  constexpr int kTold = 3;
  std::string told;
  int count = 0;
  for (const bool stopped : {false, true}) {
    for (const auto& [id, lab] : state.labs) {
      if ((lab.status == LabStatus::stopped) != stopped) continue;
      if (++count > kTold) continue;
      if (!told.empty()) told += "; ";
      told +=
          fmt::format("lab {}: {}", lab.settings.name, explain(lab, standing_of(state, lab), now));
    }
  }
  if (count > kTold) told += fmt::format("; and {} more labs", count - kTold);
  return told;
}

// A slot may ask for more before the report of its last work is here, or after a grant was lost. A
// worker that asks without end must not fill the memory.
std::uint64_t most_leases(const Worker& worker) {
  return 2 * std::max<std::uint64_t>(1, worker.slots);
}

// Why this worker gets nothing at all; empty: it may.
std::string against_worker(const State& state, const Rules& rules, const WorkAsked& ask,
                           Timestamp now) {
  const Presence::Seen& seen = state.presence.workers.at(ask.worker);
  if (seen.leaving) return fmt::format("worker {} is leaving", ask.worker.value());
  if (now - seen.last >= rules.worker_silence) {
    return fmt::format("worker {}: no heartbeat for {} s", ask.worker.value(),
                       std::chrono::duration_cast<std::chrono::seconds>(now - seen.last).count());
  }
  const auto holds = state.index.holds.find(ask.worker);
  const std::uint64_t most = most_leases(state.workers.at(ask.worker));
  if (holds != state.index.holds.end() && holds->second.size() >= most) {
    return fmt::format("worker {} holds {} leases, expected fewer than {}: twice its slots",
                       ask.worker.value(), holds->second.size(), most);
  }
  return {};
}

// What the slot was given before, if the answer was lost on its way.
std::optional<Granted> unheard_grant(const State& state, const Presence::Seen& seen,
                                     const WorkAsked& ask, Timestamp now) {
  if (!ask.slot) return std::nullopt;
  const auto served = seen.slots.find(*ask.slot);
  if (served == seen.slots.end()) return std::nullopt;
  const auto [task_id, token] = served->second;
  if (ask.reported == HeldLease{.task = task_id, .token = token}) return std::nullopt;
  const Task* task = find_task(state, task_id);
  if (task == nullptr || is_orphan(state, *task)) return std::nullopt;
  if (!holds(state, *task, ask.worker, token, now)) return std::nullopt;
  return Granted{.task = task_id, .token = token};
}

// The slot is done with what it was given, even if its report was refused: when it asks once more,
// it must not begin the same work again.
std::vector<Change> forget_reported(const State& state, const WorkAsked& ask) {
  if (!ask.slot || !ask.reported) return {};
  const Presence::Seen& seen = state.presence.workers.at(ask.worker);
  const auto served = seen.slots.find(*ask.slot);
  if (served == seen.slots.end()) return {};
  if (served->second != Presence::Served{ask.reported->task, ask.reported->token}) return {};
  return {SlotServed{.worker = ask.worker, .slot = *ask.slot, .task = {}, .token = {}}};
}

}  // namespace

Decision on(const State& state, const Rules& rules, const WorkAsked& command, Timestamp now) {
  if (!is_current(state, command.worker, command.session)) {
    return {.changes = {}, .reply = SayHello{}};
  }
  const auto nothing = [&](std::string because) {
    return Decision{
        .changes = forget_reported(state, command),
        .reply = NothingToDo{.because = std::move(because), .retry_after = rules.retry_ask}};
  };
  const Presence::Seen& seen = state.presence.workers.at(command.worker);
  if (const auto unheard = unheard_grant(state, seen, command, now)) {
    return {.changes = {}, .reply = *unheard};
  }
  if (std::string because = against_worker(state, rules, command, now); !because.empty()) {
    return nothing(std::move(because));
  }
  if (const Task* task = next_waiting(state, now)) {
    return grant(state, rules, command, lab_of(state, task->lab), task->id, {}, now);
  }
  if (const Lab* lab = next_lab(state, now)) {
    std::vector<Change> changes;
    changes.emplace_back(new_task(state, *lab));
    return grant(state, rules, command, *lab, state.next_task, std::move(changes), now);
  }
  return nothing(why_nothing(state, now));
}

}  // namespace swarmlab::swarm
