#include "coordinator/swarm/lease.h"

#include "common/result.h"
#include "coordinator/swarm/find.h"
#include "coordinator/swarm/handlers.h"

namespace swarmlab::swarm {
namespace {

constexpr const char* kSegmentEnded = "its segment ended";

}  // namespace

std::string loss_text(const WorkerName& worker, LeaseEnd how) {
  switch (how) {
    case LeaseEnd::expired:
      return fmt::format("worker {} fell silent", worker.value());
    case LeaseEnd::worker_restarted:
      return fmt::format("worker {} restarted", worker.value());
    case LeaseEnd::returned:
      break;
  }
  return {};
}

Experiment record_of(const Task& task, Timestamp now) {
  SWARMLAB_ASSERT(task.lease.has_value());
  Experiment experiment;
  experiment.lab = task.lab;
  experiment.number = task.experiment;
  experiment.task = task.id;
  experiment.kind = task.kind;
  experiment.segment = task.segment;
  experiment.parent = task.parent;
  experiment.parent_commit = task.parent_commit;
  experiment.picked_because = task.picked_because;
  experiment.worker = task.lease->worker;
  experiment.charged = task.charged;
  experiment.attempts = task.attempts;
  experiment.cost = task.cost;
  experiment.started_at = task.started_at.value_or(now);
  experiment.ended_at = now;
  return experiment;
}

void return_lease(Draft& draft, const State& state, const Task& task, std::string why) {
  if (is_orphan(state, task)) return draft.drop(task, kSegmentEnded);
  draft.end_lease(task, LeaseEnd::returned, std::move(why));
}

void lose_lease(Draft& draft, const State& state, const Task& task, LeaseEnd how, Timestamp now) {
  if (is_orphan(state, task)) return draft.drop(task, kSegmentEnded);
  draft.end_lease(task, how);
  const std::uint32_t losses = task.losses + 1;
  if (losses <= lab_of(state, task.lab).settings.stop.max_restarts) return;
  Experiment experiment = record_of(task, now);
  experiment.verdict = Verdict::crash;
  experiment.reason = fmt::format("given up after {} lost worker{}: {}", losses,
                                  losses == 1 ? "" : "s", loss_text(task.lease->worker, how));
  draft.finish(task, std::move(experiment), Cost{}, false);
}

Decision on(const State& state, const Rules& /*rules*/, const TimePassed& /*command*/,
            Timestamp now) {
  Draft draft(state, now);
  for (const auto& [id, deadline] : state.presence.deadlines) {
    if (now >= deadline) lose_lease(draft, state, task_of(state, id), LeaseEnd::expired, now);
  }
  for (const auto& [id, lab] : state.labs) {
    if (lab.status != LabStatus::stopped) draft.settle(id, lab.settings);
  }
  return std::move(draft).with(Done{});
}

Decision on(const State& state, const Rules& rules, const Restarted& /*command*/, Timestamp now) {
  Draft draft(state, now);
  for (const auto& [lab, open] : state.index.labs) {
    for (const auto* leased : {&open.leased, &open.orphaned}) {
      for (const TaskId id : *leased) {
        draft.add(LeaseExtended{
            .task = id, .token = task_of(state, id).lease->token, .until = now + rules.grace});
      }
    }
  }
  return std::move(draft).with(Done{});
}

}  // namespace swarmlab::swarm
