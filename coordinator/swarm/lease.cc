#include "coordinator/swarm/lease.h"

#include <algorithm>

#include "common/result.h"
#include "coordinator/swarm/check.h"
#include "coordinator/swarm/find.h"

namespace swarmlab::swarm {
namespace {

constexpr const char* kSegmentEnded = "its segment ended";
constexpr std::size_t kMostNames = 10;

// What is said of a worker that announced that it leaves is no surprise when it falls silent.
bool is_leaving(const State& state, const WorkerName& worker) {
  const auto seen = state.presence.workers.find(worker);
  return seen != state.presence.workers.end() && seen->second.leaving;
}

// "w1, w2 and 3 more; ", if there is more than the last one.
std::string names_of(const Task& task) {
  std::string text;
  std::size_t told = 0;
  const auto tell = [&](const WorkerName& worker) {
    if (++told <= kMostNames) text += (text.empty() ? "" : ", ") + worker.value();
  };
  for (const WorkerName& worker : task.lost_on) tell(worker);
  if (std::ranges::find(task.lost_on, task.lease->worker) == task.lost_on.end()) {
    tell(task.lease->worker);
  }
  if (told < 2) return {};
  return told > kMostNames ? fmt::format("{} and {} more; ", text, told - kMostNames) : text + "; ";
}

}  // namespace

std::string loss_text(const WorkerName& worker, LeaseEnd how) {
  switch (how) {
    case LeaseEnd::expired:
      return fmt::format("worker {} fell silent", worker.value());
    case LeaseEnd::worker_restarted:
      return fmt::format("worker {} restarted", worker.value());
    case LeaseEnd::returned:
    case LeaseEnd::worker_failed:
      break;
  }
  return {};
}

PastLease past_lease(const State& state, const Task& task) {
  SWARMLAB_ASSERT(task.lease.has_value());
  const auto worker = state.workers.find(task.lease->worker);
  return {.token = task.lease->token,
          .worker = task.lease->worker,
          .key = worker == state.workers.end() ? std::string() : worker->second.key};
}

Experiment record_of(const Task& task, Timestamp now) {
  SWARMLAB_ASSERT(task.lease.has_value());
  Experiment experiment;
  if (task.pending) experiment = task.pending->experiment;
  experiment.lab = task.lab;
  experiment.number = task.experiment;
  experiment.task = task.id;
  experiment.kind = task.kind;
  experiment.segment = task.segment;
  experiment.parent = task.parent;
  experiment.parent_commit = task.parent_commit;
  experiment.picked_because = task.picked_because;
  if (task.merge) {
    (task.kind == TaskKind::simplify ? experiment.undoes : experiment.merged_with) =
        task.merge->other;
  }
  if (task.candidate) experiment.injection = task.candidate->injection;
  if (!task.pending) experiment.worker = task.lease->worker;  // who made the candidate
  experiment.charged = task.charged;
  experiment.attempts = task.attempts;
  experiment.cost = task.cost;
  experiment.started_at = task.started_at.value_or(now);
  experiment.ended_at = now;
  experiment.past_leases = task.past_leases;
  return experiment;
}

void return_lease(Draft& draft, const State& state, const Task& task, std::string why,
                  LeaseEnd how) {
  if (is_orphan(state, task)) return draft.drop(task, kSegmentEnded);
  draft.end_lease(task, how, std::move(why));
}

void lose_lease(Draft& draft, const State& state, const Task& task, LeaseEnd how, Timestamp now) {
  if (is_orphan(state, task)) return draft.drop(task, kSegmentEnded);
  if (is_leaving(state, task.lease->worker)) {
    return draft.end_lease(task, LeaseEnd::returned, "its worker was leaving");
  }
  draft.end_lease(task, how);
  const std::uint32_t losses = task.losses + 1;
  if (losses <= lab_of(state, task.lab).settings.stop.max_restarts) return;
  std::string reason =
      fmt::format("given up after {} lost worker{}: {}{}", losses, losses == 1 ? "" : "s",
                  names_of(task), loss_text(task.lease->worker, how));
  if (!makes_experiment(task.kind)) {
    return draft.end_check(task, failed_check(state, task, std::move(reason), now), false);
  }
  Experiment experiment = record_of(task, now);
  experiment.past_leases.push_back(past_lease(state, task));
  experiment.token = FencingToken();  // no report decided it
  experiment.verdict = Verdict::crash;
  experiment.reason = std::move(reason);
  draft.finish(task, std::move(experiment), {.cost = {}, .leased = false});
}

}  // namespace swarmlab::swarm
