// Workers come, go, and say what they hold.
#include <algorithm>
#include <set>

#include "coordinator/swarm/find.h"
#include "coordinator/swarm/handlers.h"
#include "coordinator/swarm/lease.h"

namespace swarmlab::swarm {
namespace {

// The tasks that a worker holds by a current lease.
std::vector<TaskId> held_by(const State& state, const WorkerName& worker) {
  const auto found = state.index.holds.find(worker);
  if (found == state.index.holds.end()) return {};
  return {found->second.begin(), found->second.end()};
}

// Never earlier than what was promised before.
LeaseExtended extended(const State& state, const Rules& rules, const HeldLease& held,
                       Timestamp now) {
  Timestamp until = now + rules.lease;
  const auto deadline = state.presence.deadlines.find(held.task);
  if (deadline != state.presence.deadlines.end()) until = std::max(until, deadline->second);
  return {.task = held.task, .token = held.token, .until = until};
}

// What it says of itself; when it came and whether it is put aside is not its to say.
Worker with_what_we_know(const State& state, Worker worker, Timestamp now) {
  const auto known = state.workers.find(worker.name);
  const bool is_new = known == state.workers.end();
  worker.joined_at = is_new ? now : known->second.joined_at;
  worker.quarantine = is_new ? std::nullopt : known->second.quarantine;
  worker.distrust = is_new ? std::nullopt : known->second.distrust;
  worker.residual = is_new ? judge::Residual{} : known->second.residual;
  return worker;
}

}  // namespace

Decision on(const State& state, const Rules& rules, const WorkerArrived& command, Timestamp now) {
  Draft draft(state, now);
  const WorkerName& name = command.worker.name;
  const Worker worker = with_what_we_know(state, command.worker, now);
  const auto known = state.workers.find(name);
  if (known == state.workers.end() || known->second != worker) {
    draft.add(WorkerJoined{.worker = worker});
  }
  draft.add(WorkerSeen{.worker = name, .session = command.session, .at = now});
  std::set<std::pair<TaskId, FencingToken>> listed;
  for (const HeldLease& held : command.held) listed.emplace(held.task, held.token);
  Welcome welcome;
  for (const TaskId id : held_by(state, name)) {
    const Task& task = task_of(state, id);
    const HeldLease held{.task = id, .token = task.lease->token};
    if (!listed.contains({held.task, held.token})) {
      if (command.again) {
        return_lease(draft, state, task);  // the grant never reached it: nothing is lost
      } else {
        lose_lease(draft, state, task, LeaseEnd::worker_restarted, now);
      }
    } else if (!holds(state, task, name, held.token, now)) {
      lose_lease(draft, state, task, LeaseEnd::expired, now);
    } else if (!is_orphan(state, task)) {
      welcome.keep.push_back(held);
      draft.add(extended(state, rules, held, now));
    }
  }
  draft.settle();
  return std::move(draft).with(std::move(welcome));
}

Decision on(const State& state, const Rules& /*rules*/, const WorkerLeft& command, Timestamp now) {
  Draft draft(state, now);
  if (is_current(state, command.worker, command.session)) {
    for (const TaskId id : held_by(state, command.worker)) {
      return_lease(draft, state, task_of(state, id));
    }
    draft.add(WorkerGone{.worker = command.worker});
    draft.settle();
  }
  return std::move(draft).with(Done{});
}

// Leases that the worker does not list are left alone: the grant may still be on its way. Orphans
// are not worth their work: the worker is told to drop them, and has until the deadline to say
// their cost.
Decision on(const State& state, const Rules& rules, const Heartbeat& command, Timestamp now) {
  Draft draft(state, now);
  if (!is_current(state, command.worker, command.session)) return std::move(draft).with(SayHello{});
  draft.add(WorkerSeen{
      .worker = command.worker, .session = command.session, .at = now, .leaving = command.leaving});
  HeartbeatHeard heard;
  for (const HeldLease& held : command.held) {
    const Task* task = find_task(state, held.task);
    const bool holds_it = task != nullptr && holds(state, *task, command.worker, held.token, now);
    if (holds_it && !is_orphan(state, *task)) {
      draft.add(extended(state, rules, held, now));
    } else {
      heard.drop.push_back(held);
    }
  }
  for (const Announced& one : command.announced) {
    const Task* task = find_task(state, one.lease.task);
    if (task == nullptr || !holds(state, *task, command.worker, one.lease.token, now)) continue;
    const auto before = state.presence.announced.find(task->id);
    if (before != state.presence.announced.end() && before->second == one.said) continue;
    draft.add(HypothesisAnnounced{.task = task->id, .token = one.lease.token, .said = one.said});
  }
  return std::move(draft).with(std::move(heard));
}

}  // namespace swarmlab::swarm
