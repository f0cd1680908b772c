#include "coordinator/swarm/draft.h"

#include "common/result.h"
#include "coordinator/swarm/expected_gain.h"
#include "coordinator/swarm/find.h"
#include "coordinator/swarm/learn.h"

namespace swarmlab::swarm {

Standing& Draft::standing(LabId lab) {
  const auto found = standings_.find(lab);
  if (found != standings_.end()) return found->second;
  return standings_.emplace(lab, standing_of(state_, lab_of(state_, lab))).first->second;
}

void Draft::release(const Task& task, Standing& of_lab) const {
  SWARMLAB_ASSERT(task.lease.has_value());
  if (!is_orphan(state_, task)) {
    of_lab.leased -= 1;
    if (!makes_experiment(task.kind)) of_lab.leased_checks -= 1;
  }
  of_lab.reserved = MicroUsd(of_lab.reserved.value() - task.lease->reserved.value());
}

// What waits on the ladder is known by `climbs`.
void Draft::wait(const Task& task, Standing& of_lab) {
  if (makes_experiment(task.kind)) of_lab.waiting += 1;
}

void Draft::end_lease(const Task& task, LeaseEnd how, std::string why) {
  Standing& of_lab = standing(task.lab);
  release(task, of_lab);
  wait(task, of_lab);
  add(LeaseEnded{
      .task = task.id, .token = task.lease->token, .how = how, .at = now_, .why = std::move(why)});
}

// The best ran once more, as a reference.
void Draft::remeasure(Standing& of_lab, const Task& task,
                      const std::optional<ExperimentNumber>& beside,
                      const Experiment& experiment) const {
  const Lab& lab = lab_of(state_, task.lab);
  if (!beside || !lab.best || *beside != lab.best->number) return;
  of_lab.best = with_run(lab, *lab.best, experiment.measurements.back()).level;
}

void Draft::measure_again(const Task& task, Pending pending, const Cost& cost) {
  Standing& of_lab = standing(task.lab);
  release(task, of_lab);
  wait(task, of_lab);
  of_lab.spent = plus(of_lab.spent, cost.usd);
  const auto beside = ran_beside(task, pending.experiment);
  remeasure(of_lab, task, beside, pending.experiment);
  add(CandidateMeasured{.lab = task.lab,
                        .task = task.id,
                        .token = task.lease->token,
                        .pending = std::move(pending),
                        .cost = cost,
                        .at = now_,
                        .beside = beside});
}

void Draft::finish(const Task& task, Experiment experiment, const Finish& how) {
  Standing& of_lab = standing(task.lab);
  if (how.leased) {
    release(task, of_lab);
  } else {
    of_lab.waiting -= 1;
  }
  of_lab.spent = plus(of_lab.spent, how.cost.usd);
  const bool keep = experiment.verdict == Verdict::keep;
  if (task.kind != TaskKind::baseline) of_lab.iterations += 1;
  const bool is_progress = how.becomes_best || how.advances || task.kind == TaskKind::baseline;
  if (!experiment.undoes) of_lab.without_keep = is_progress ? 0 : of_lab.without_keep + 1;
  note_prospects(of_lab.prospects, lab_of(state_, task.lab).settings.metric.direction, of_lab.best,
                 experiment, how.becomes_best);
  const auto beside = ran_beside(task, experiment);
  remeasure(of_lab, task, beside, experiment);
  if (how.becomes_best) {
    of_lab.best = experiment.score();
    of_lab.best_number = experiment.number;
  }
  const std::string reason = experiment.reason;
  const CheckBegan holdout{.task = {},
                           .lab = task.lab,
                           .kind = TaskKind::holdout,
                           .experiment = experiment.number,
                           .segment = task.segment,
                           .scale = 0,
                           .commit = experiment.commit.value_or(ObjectId{}),
                           .why = "kept",
                           .at = {}};
  add(ExperimentFinished{.experiment = std::move(experiment),
                         .cost = how.cost,
                         .becomes_best = how.becomes_best,
                         .advances = how.advances,
                         .beside = beside});
  if (keep) {
    const Lab& lab = lab_of(state_, task.lab);
    if (lab.segment.holdout_hash) begin_check(holdout);
    // Who may climb now is known once this is applied: the next tick looks.
    if (!lab.rungs.empty()) of_lab.climbs = true;
  }
  const bool runs = of_lab.status == LabStatus::running || of_lab.status == LabStatus::paused;
  if (task.kind == TaskKind::baseline && !keep && runs) {
    stop(task.lab, "the baseline failed: " + reason, kCoordinator);
  }
}

void Draft::create(TaskCreated fact) {
  fact.task = next_task();
  standing(fact.lab).waiting += 1;
  add(std::move(fact));
}

void Draft::begin_check(CheckBegan fact) {
  fact.task = next_task();
  fact.at = now_;
  standing(fact.lab).climbs = true;
  add(std::move(fact));
}

void Draft::end_check(const Task& task, CheckEnded fact, bool leased) {
  Standing& of_lab = standing(task.lab);
  if (leased) release(task, of_lab);
  add(std::move(fact));
}

// Of those that this decision begins.
TaskId Draft::next_task() {
  return TaskId(state_.next_task.value() + begun_++);
}

void Draft::drop(const Task& task, std::string why) {
  Standing& of_lab = standing(task.lab);
  if (task.lease) {
    release(task, of_lab);
  } else if (makes_experiment(task.kind)) {
    of_lab.waiting -= 1;
  }
  add(TaskDropped{.task = task.id,
                  .lab = task.lab,
                  .experiment = task.experiment,
                  .why = std::move(why),
                  .at = now_});
}

void Draft::spend(const CostSpent& fact) {
  if (fact.cost == Cost{}) return;
  Standing& of_lab = standing(fact.lab);
  of_lab.spent = plus(of_lab.spent, fact.cost.usd);
  add(fact);
}

void Draft::set_status(LabId lab, LabStatus status, std::string reason, std::string who) {
  Standing& of_lab = standing(lab);
  of_lab.active = running_time(of_lab, now_);
  of_lab.running_since.reset();
  if (status == LabStatus::running) of_lab.running_since = now_;
  of_lab.status = status;
  of_lab.stop_reason = reason;
  add(LabStatusChanged{.lab = lab,
                       .status = status,
                       .reason = std::move(reason),
                       .who = std::move(who),
                       .at = now_});
}

void Draft::stop(LabId lab, std::string reason, std::string who) {
  const bool runs = standing(lab).leased > 0;
  set_status(lab, runs ? LabStatus::stopping : LabStatus::stopped, std::move(reason),
             std::move(who));
}

void Draft::settle(LabId lab, const LabSettings& settings) {
  Standing& of_lab = standing(lab);
  if (of_lab.status == LabStatus::running || of_lab.status == LabStatus::paused) {
    if (auto limit = limit_reached(settings, of_lab, now_)) stop(lab, limit->what, kCoordinator);
  }
  if (of_lab.status == LabStatus::stopping && of_lab.leased == 0) {
    set_status(lab, LabStatus::stopped, of_lab.stop_reason, kCoordinator);
  }
}

void Draft::settle() {
  for (const auto& [lab, of_lab] : standings_) settle(lab, lab_of(state_, lab).settings);
}

}  // namespace swarmlab::swarm
