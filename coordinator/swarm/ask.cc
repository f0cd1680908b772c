// A worker asks for work: whether it gets any, and what it was given before if it did not hear.
#include <algorithm>

#include "common/result.h"
#include "coordinator/policy/policy.h"
#include "coordinator/swarm/backoff.h"
#include "coordinator/swarm/choose.h"
#include "coordinator/swarm/expected_cost.h"
#include "coordinator/swarm/find.h"
#include "coordinator/swarm/fit.h"
#include "coordinator/swarm/handlers.h"
#include "coordinator/swarm/health.h"
#include "coordinator/swarm/search.h"
#include "coordinator/swarm/simplicity.h"

namespace swarmlab::swarm {
namespace {

TaskCreated new_task(const State& state, const Lab& lab, const Worker& worker) {
  TaskCreated fact{
      .task = state.next_task,
      .lab = lab.id,
      .kind = TaskKind::baseline,
      .experiment = lab.next_experiment,
      .segment = lab.segment.number,
      .parent = std::nullopt,
      .parent_commit = lab.segment.lab_commit,
      .picked_because = fmt::format("baseline of segment {}", lab.segment.number.value())};
  if (lab.origin) {
    fact.picked_because =
        fmt::format("branched from experiment {} of {}", lab.origin->experiment.value(),
                    lab_of(state, lab.origin->parent).settings.name);
  }
  if (!lab.segment.baseline_measured) return fact;
  if (auto simpler = simplification(state, lab, worker)) return *std::move(simpler);
  policy::Pick pick = policy::pick_parent(lab.settings.policy, view_of(state, lab));
  fact.kind = TaskKind::explore;
  fact.parent = pick.parent;
  fact.parent_commit = lab.frontier.at(pick.parent).commit;
  fact.picked_because = std::move(pick.because);
  return fact;
}

// A slot that the worker does not have is not remembered: a peer could name them without end.
bool has_slot(const State& state, const WorkAsked& ask) {
  return ask.slot && *ask.slot < state.workers.at(ask.worker).slots;
}

bool will_run_agent(const State& state, const Lab& lab, TaskId task,
                    const std::vector<Change>& changes) {
  if (const Task* known = find_task(state, task)) return needs_agent(*known);
  const auto* begun = changes.empty() ? nullptr : std::get_if<TaskCreated>(&changes.front());
  return lab.segment.baseline_measured && (begun == nullptr || begun->kind != TaskKind::simplify);
}

Decision grant(const State& state, const Rules& rules, const WorkAsked& ask, const Lab& lab,
               const Needs& needs, TaskId task, std::vector<Change> changes, Timestamp now) {
  const FencingToken token = state.next_token;
  const bool runs_agent = will_run_agent(state, lab, task, changes);
  changes.emplace_back(LeaseGranted{.task = task,
                                    .worker = ask.worker,
                                    .token = token,
                                    .reserved = runs_agent ? expected_cost(lab) : MicroUsd(0),
                                    .at = now,
                                    .takes = needs.amount});
  changes.emplace_back(LeaseExtended{.task = task, .token = token, .until = now + rules.lease});
  if (has_slot(state, ask)) {
    changes.emplace_back(
        SlotServed{.worker = ask.worker, .slot = *ask.slot, .task = task, .token = token});
  }
  return {.changes = std::move(changes), .reply = Granted{.task = task, .token = token}};
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
  const Worker& worker = state.workers.at(ask.worker);
  if (worker.quarantine) {
    return fmt::format("worker {} is in quarantine: {}", ask.worker.value(),
                       worker.quarantine->why);
  }
  if (std::string why = why_quarantine(state, rules, ask.worker); !why.empty()) return why;
  if (std::string why = why_wait_for_others(state, rules, ask.worker); !why.empty()) return why;
  const auto holds = state.index.holds.find(ask.worker);
  const std::uint64_t most = most_leases(worker);
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

// The worker is left to drain, or small tasks of other labs would never let a large one in.
Decision reserve(const State& state, const Rules& rules, const WorkAsked& ask, const Lab& lab,
                 const Needs& needs) {
  Decision decision{.changes = forget_reported(state, ask),
                    .reply = NothingToDo{
                        .because = fmt::format("kept free for lab {}: {}", lab.settings.name,
                                               why_not(state, state.workers.at(ask.worker), needs)),
                        .retry_after = rules.retry_ask}};
  const auto reserved = state.presence.reserved.find(lab.id);
  if (reserved == state.presence.reserved.end() || reserved->second != ask.worker) {
    decision.changes.emplace_back(WorkerReserved{.lab = lab.id, .worker = ask.worker});
  }
  return decision;
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
  const Worker& worker = state.workers.at(command.worker);
  const Choice choice = choose(state, rules, worker, now);
  if (choice.reserves) return reserve(state, rules, command, *choice.lab, *choice.needs);
  if (choice.lab == nullptr) return nothing(why_nothing(state, worker, now));
  std::vector<Change> changes;
  if (!choice.waiting) changes.emplace_back(new_task(state, *choice.lab, worker));
  return grant(state, rules, command, *choice.lab, *choice.needs,
               choice.waiting.value_or(state.next_task), std::move(changes), now);
}

}  // namespace swarmlab::swarm
