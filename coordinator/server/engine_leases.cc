// What a worker gets for a lease: the assignment, and what its agent is told.
#include "common/model/scale.h"
#include "coordinator/judge/judge.h"
#include "coordinator/server/allowance.h"
#include "coordinator/server/brief.h"
#include "coordinator/server/briefing.h"
#include "coordinator/server/engine.h"
#include "coordinator/swarm/verdict.h"

namespace swarmlab::server {

Result<const swarm::Task*> Engine::leased(TaskId id) const {
  const auto found = state_.tasks.find(id);
  if (found == state_.tasks.end() || !found->second.lease) {
    return fail(ErrorCode::not_found, "task {} is not leased", id.value());
  }
  return &found->second;
}

Result<Assignment> Engine::assignment(TaskId id) const {
  SWARMLAB_TRY(task, leased(id));
  const swarm::Lab& lab = state_.labs.at(task->lab);
  Assignment assignment{.task = id,
                        .token = task->lease->token,
                        .lab = task->lab,
                        .experiment = task->experiment,
                        .kind = task->kind,
                        .parent = task->parent,
                        .parent_commit = task->parent_commit,
                        .lab_commit = lab.segment.lab_commit,
                        .evaluator_hash = lab.segment.evaluator_hash,
                        .data_hash = lab.segment.data_hash,
                        .lease = rules_.lease,
                        .takes = task->lease->takes,
                        .settings = lab.settings,
                        .comparison = std::nullopt,
                        .merge = task->merge,
                        .briefing = {}};
  if (task->pending) {
    const swarm::Pending& pending = *task->pending;
    assignment.kind = TaskKind::measure;
    assignment.comparison = Comparison{
        .candidate = *pending.experiment.commit,
        .reference = pending.reference_commit,
        .pair =
            static_cast<std::uint32_t>(swarm::pairs_of(pending.experiment, pending.series).size())};
  } else if (task->candidate) {
    assignment.candidate = task->candidate->commit;
  } else if (task->kind == TaskKind::baseline ||
             (task->kind == TaskKind::promote && task->experiment == lab.segment.baseline)) {
    assignment.repeats = judge::runs_of_baseline(lab.settings.metric);
  }
  if (task->kind == TaskKind::promote) {
    assignment.settings = at_scale(std::move(assignment.settings), task->scale);
  }
  if (task->kind == TaskKind::holdout && lab.segment.holdout_hash) {
    assignment.settings.evaluator.data = lab.settings.holdout;
    assignment.data_hash = *lab.segment.holdout_hash;
  }
  assignment.settings.stop.max_cost = left_for(lab, *task->lease);  // to a worker: of this one
  assignment.settings.holdout = {};  // whoever needs it has it as the data
  return assignment;
}

Result<Briefing> Engine::briefing(TaskId id) const {
  SWARMLAB_TRY(task, leased(id));
  if (task->kind == TaskKind::baseline || task->kind == TaskKind::simplify || task->pending ||
      task->candidate) {
    return Briefing{};
  }
  const std::deque<Experiment>& recent = history_.of(task->lab);
  SWARMLAB_TRY(
      brief,
      brief_for({.state = state_, .store = store_, .objects = objects_.get(), .recent = recent},
                *task));
  return Briefing{.brief = std::move(brief), .results = write_results(recent)};
}

}  // namespace swarmlab::server
