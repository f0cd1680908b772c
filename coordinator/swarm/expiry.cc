// Time goes on: leases end at their deadline, a few at a tick; workers that fail at everything are
// put aside; labs whose hours are over stop.
#include <algorithm>

#include "coordinator/swarm/climb.h"
#include "coordinator/swarm/find.h"
#include "coordinator/swarm/forget.h"
#include "coordinator/swarm/handlers.h"
#include "coordinator/swarm/health.h"
#include "coordinator/swarm/learn.h"
#include "coordinator/swarm/lease.h"
#include "coordinator/swarm/mass_loss.h"

namespace swarmlab::swarm {
namespace {

std::vector<TaskId> due(const State& state, Timestamp now) {
  std::vector<TaskId> tasks;
  for (const auto& [task, deadline] : state.presence.deadlines) {
    if (now >= deadline) tasks.push_back(task);
  }
  return tasks;
}

void extend(Draft& draft, const Task& task, Timestamp until) {
  draft.add(LeaseExtended{.task = task.id, .token = task.lease->token, .until = until});
}

// What this tick does not get to holds until the next one: no report of it is refused meanwhile.
void expire(Draft& draft, const State& state, const Rules& rules, const std::vector<TaskId>& tasks,
            Timestamp now) {
  std::uint32_t expired = 0;
  for (const TaskId id : tasks) {
    const Task& task = task_of(state, id);
    if (expired < rules.most_expired) {
      lose_lease(draft, state, task, LeaseEnd::expired, now);
      ++expired;
    } else {
      extend(draft, task, now + Milliseconds(1));
    }
  }
}

void raise_alarm(Draft& draft, const State& state, const Rules& rules, const Silence& silence,
                 Timestamp now) {
  const Timestamp until = now + rules.grace;
  draft.add(AlarmRaised{
      .silent = silence.silent, .holders = silence.holders, .at = now, .held_until = until});
  for (const auto& [task, deadline] : state.presence.deadlines) {
    if (deadline >= until) continue;
    const Task& held = task_of(state, task);
    if (is_silent(state, rules, held.lease->worker, now)) extend(draft, held, until);
  }
}

void end_what_is_due(Draft& draft, const State& state, const Rules& rules, Timestamp now) {
  const std::vector<TaskId> tasks = due(state, now);
  const std::optional<Presence::Alarm>& alarm = state.presence.alarm;
  if (tasks.empty() && !alarm) return;
  const Silence silence = silence_of(state, rules, now);
  if (!alarm && is_mass(silence)) return raise_alarm(draft, state, rules, silence, now);
  if (alarm && now < alarm->held_until) {
    for (const TaskId id : tasks) extend(draft, task_of(state, id), alarm->held_until);
    return;
  }
  expire(draft, state, rules, tasks, now);
  if (alarm && !is_mass(silence)) draft.add(AlarmCleared{.at = now});
}

void put_aside(Draft& draft, const State& state, const Rules& rules, Timestamp now) {
  for (const WorkerName& name : state.health.failing) {
    const auto worker = state.workers.find(name);
    if (worker == state.workers.end() || worker->second.quarantine) continue;
    if (std::string why = why_quarantine(state, rules, name); !why.empty()) {
      draft.add(WorkerQuarantined{.worker = name, .why = std::move(why), .at = now});
    }
  }
}

// One at a time: without it the others may agree.
void distrust(Draft& draft, const State& state, Timestamp now) {
  for (const auto& [name, worker] : state.workers) {
    std::string why = why_distrust(state, worker);
    if (why.empty()) continue;
    return draft.add(
        WorkerQuarantined{.worker = name, .why = std::move(why), .at = now, .measures_only = true});
  }
}

// Not in a decision that puts somebody aside: that one is to be remembered.
void forget_gone(Draft& draft, const State& state, const Rules& rules, Timestamp now) {
  if (!draft.is_empty()) return;
  for (WorkerName& name : to_forget(state, rules, now)) {
    draft.add(WorkerForgotten{.worker = std::move(name), .at = now});
  }
}

}  // namespace

Decision on(const State& state, const Rules& rules, const TimePassed& /*command*/, Timestamp now) {
  Draft draft(state, now);
  put_aside(draft, state, rules, now);
  distrust(draft, state, now);
  forget_gone(draft, state, rules, now);
  end_what_is_due(draft, state, rules, now);
  for (const auto& [id, lab] : state.labs) {
    if (lab.status == LabStatus::stopped) continue;
    climb(draft, state, lab, now);
    draft.settle(id, lab.settings);
  }
  return std::move(draft).with(Done{});
}

Decision on(const State& state, const Rules& rules, const Restarted& command, Timestamp now) {
  Draft draft(state, now);
  if (command.newest && now - *command.newest > rules.grace) {
    const bool counts = std::ranges::any_of(
        state.labs, [](const auto& lab) { return lab.second.budget.running_since.has_value(); });
    if (counts) draft.add(TimeSkipped{.from = *command.newest, .until = now});
  }
  // No less than its last heartbeat was promised: that was at most a lease ago.
  const Timestamp until = now + std::max(rules.grace, rules.lease);
  for (const auto& [lab, open] : state.index.labs) {
    for (const auto* leased : {&open.leased, &open.orphaned}) {
      for (const TaskId id : *leased) extend(draft, task_of(state, id), until);
    }
  }
  return std::move(draft).with(Done{});
}

Decision on(const State& state, const Rules& /*rules*/, const ReleaseWorker& command,
            Timestamp now) {
  const auto worker = state.workers.find(command.worker);
  const auto is_aside = [](const Worker& one) { return one.quarantine || one.distrust; };
  if (worker == state.workers.end() || !is_aside(worker->second)) {
    std::string aside;
    for (const auto& [name, one] : state.workers) {
      if (is_aside(one)) aside += (aside.empty() ? "" : ", ") + name.value();
    }
    return {.changes = {},
            .reply = Error{
                ErrorCode::not_found,
                aside.empty()
                    ? fmt::format("worker {} is not in quarantine: none is", command.worker.value())
                    : fmt::format("worker {} is not in quarantine, expected one of: {}",
                                  command.worker.value(), aside)}};
  }
  Draft draft(state, now);
  draft.add(WorkerReleased{.worker = command.worker, .who = command.who, .at = now});
  return std::move(draft).with(Done{});
}

}  // namespace swarmlab::swarm
