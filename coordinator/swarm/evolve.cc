#include <algorithm>

#include "common/result.h"
#include "coordinator/swarm/backoff.h"
#include "coordinator/swarm/change.h"
#include "coordinator/swarm/climbs.h"
#include "coordinator/swarm/evolve_parts.h"
#include "coordinator/swarm/expected_gain.h"
#include "coordinator/swarm/fit.h"
#include "coordinator/swarm/health.h"
#include "coordinator/swarm/learn.h"
#include "coordinator/swarm/lease.h"
#include "coordinator/swarm/people.h"
#include "coordinator/swarm/presence.h"
#include "coordinator/swarm/rejected.h"
#include "coordinator/swarm/search.h"
#include "coordinator/swarm/share.h"
#include "coordinator/swarm/simplicity.h"
#include "coordinator/swarm/stop.h"

namespace swarmlab::swarm {
namespace {

constexpr std::size_t kMostLostOn = 100;  // names that are kept

void visit(State& state, Lab& lab, ExperimentNumber parent) {
  const auto entry = lab.frontier.find(parent);
  SWARMLAB_ASSERT(entry != lab.frontier.end());
  entry->second.visits += 1;
  if (lab.best && lab.best->number == parent) lab.best = entry->second;
  note_visited(state, lab, parent);
}

void count(Lab& lab, const ExperimentFinished& fact) {
  const Experiment& experiment = fact.experiment;
  Counters& counters = lab.counters;
  counters.experiments += 1;
  counters.by_verdict[experiment.verdict] += 1;
  const bool is_baseline = experiment.kind == TaskKind::baseline;
  if (!is_baseline) counters.iterations += 1;
  // What is kept beside the best brings the lab no further by itself.
  if (experiment.undoes) return;
  const bool is_progress = fact.becomes_best || fact.advances || is_baseline;
  counters.without_keep = is_progress ? 0 : counters.without_keep + 1;
}

// That its score is the mean of.
std::uint64_t runs_behind(const Experiment& experiment) {
  if (experiment.kind == TaskKind::baseline) return experiment.measurements.size();
  return experiment.evidence ? std::max(1U, experiment.evidence->pairs) : 1U;
}

void keep(State& state, Lab& lab, const Experiment& experiment, bool becomes_best) {
  const std::optional<double> score = experiment.score();
  SWARMLAB_ASSERT(score && experiment.commit);
  const FrontierEntry entry{.number = experiment.number,
                            .score = *score,
                            .commit = *experiment.commit,
                            .parent = experiment.parent,
                            .level = *score,
                            .runs = runs_behind(experiment),
                            .size = experiment.size,
                            .conceded_from = conceded_from(lab, experiment, becomes_best),
                            .undoes = experiment.undoes,
                            .merged = experiment.merged_with,
                            .doubt = doubt_of(experiment),
                            .others = experiment.other_scores};
  lab.frontier.emplace(entry.number, entry);
  if (becomes_best) {
    lab.best = entry;
    note_simplified(lab, entry);
  }
  note_best(state, lab);
  if (experiment.kind == TaskKind::baseline) lab.segment.baseline_measured = true;
  note_kept(state, lab, entry);
  note_entrant(state, lab, entry);
}

// A baseline that was tried again has the tree of the try that failed: what is kept owns it, so
// that an experiment without a change is known as that.
void know_tree(Lab& lab, const Experiment& experiment) {
  const auto [known, is_new] = lab.trees.emplace(*experiment.tree, experiment.number);
  if (!is_new && experiment.verdict == Verdict::keep) known->second = experiment.number;
}

void apply(State& state, const LabOpened& fact) {
  SWARMLAB_ASSERT(fact.lab == state.next_lab);
  Lab lab;
  lab.id = fact.lab;
  lab.settings = fact.settings;
  lab.segment = fact.segment;
  lab.origin = fact.origin;
  Lab& opened = state.labs.emplace(fact.lab, std::move(lab)).first->second;
  rebuild_search(state, opened);
  note_scaled_otherwise(state, opened);
  state.next_lab = next(fact.lab);
}

void apply(State& state, const SettingsChanged& fact) {
  Lab& lab = lab_in(state, fact.lab);
  lab.settings = fact.settings;
  note_searched_otherwise(state, lab);
  note_best(state, lab);
  note_scaled_otherwise(state, lab);
}

void apply(State& state, const SegmentBegan& fact) {
  Index::OfLab& open = state.index.labs[fact.lab];
  SWARMLAB_ASSERT(open.waiting.empty() && open.checks.empty());
  open.orphaned.merge(open.leased);
  open.leased_checks = 0;
  open.simplifies.reset();
  open.to_undo.reset();
  Lab& lab = lab_in(state, fact.lab);
  lab.segment = fact.segment;
  lab.frontier.clear();
  lab.best.reset();
  lab.rejected.clear();
  lab.trees.clear();
  lab.learned = {};
  lab.learned_others.clear();
  lab.prospects = {};
  lab.simplifying.reset();
  lab.counters.without_keep = 0;
  note_new_segment(state, lab);
  note_new_ladder(state, lab);
}

void apply(State& state, const LabStatusChanged& fact) {
  Lab& lab = lab_in(state, fact.lab);
  Budget& budget = lab.budget;
  if (budget.running_since) {
    budget.active += std::max(Milliseconds(0), fact.at - *budget.running_since);
    budget.running_since.reset();
  }
  if (fact.status == LabStatus::running) budget.running_since = fact.at;
  lab.status = fact.status;
  lab.stop_reason = fact.reason;
}

void apply(State& state, const TaskCreated& fact) {
  SWARMLAB_ASSERT(fact.task == state.next_task);
  Lab& lab = lab_in(state, fact.lab);
  SWARMLAB_ASSERT(fact.experiment == lab.next_experiment && fact.segment == lab.segment.number);
  Task task;
  task.id = fact.task;
  task.lab = fact.lab;
  task.kind = fact.kind;
  task.experiment = fact.experiment;
  task.segment = fact.segment;
  task.parent = fact.parent;
  task.parent_commit = fact.parent_commit;
  task.picked_because = fact.picked_because;
  task.merge = fact.merge;
  task.candidate = fact.candidate;
  const Task& created = state.tasks.emplace(fact.task, std::move(task)).first->second;
  state.index.labs[fact.lab].waiting.insert(fact.task);
  state.next_task = next(fact.task);
  lab.next_experiment = next(fact.experiment);
  note_begun(state, lab);
  if (fact.kind == TaskKind::baseline) lab.segment.baseline = fact.experiment;
  if (fact.parent) visit(state, lab, *fact.parent);
  if (fact.kind == TaskKind::simplify) note_task(state, lab, created);
}

void apply(State& state, const LeaseGranted& fact) {
  Task& task = task_in(state, fact.task);
  SWARMLAB_ASSERT(!task.lease.has_value() && fact.token == state.next_token);
  task.lease = Lease{.worker = fact.worker,
                     .token = fact.token,
                     .reserved = fact.reserved,
                     .granted_at = fact.at,
                     .takes = fact.takes};
  task.attempts += 1;
  if (!task.started_at) task.started_at = fact.at;
  state.next_token = next(fact.token);
  Lab& lab = lab_in(state, task.lab);
  Budget& budget = lab.budget;
  budget.reserved = MicroUsd(budget.reserved.value() + fact.reserved.value());
  note_granted(state.shares, lab);
  state.presence.reserved.erase(lab.id);
  Index::OfLab& open = state.index.labs[task.lab];
  take_waiting(open, task);
  open.leased.insert(task.id);
  if (!makes_experiment(task.kind)) open.leased_checks += 1;
  state.index.holds[fact.worker].insert(task.id);
  Resources& taken = state.index.taken[fact.worker];
  taken = plus(taken, fact.takes);
}

// What many lost at once says nothing of any of them.
void lose(State& state, Task& task, const LeaseEnded& fact) {
  const WorkerName& worker = task.lease->worker;
  task.losses += 1;
  task.last_loss = loss_text(worker, fact.how);
  if (std::ranges::find(task.lost_on, worker) == task.lost_on.end() &&
      task.lost_on.size() < kMostLostOn) {
    task.lost_on.push_back(worker);
  }
  const auto seen = state.presence.workers.find(worker);
  if (state.presence.alarm || seen == state.presence.workers.end()) return;
  note_loss(state.health, worker, task.id, seen->second.last, fact.at);
}

void apply(State& state, const LeaseEnded& fact) {
  Task& task = task_in(state, fact.task);
  SWARMLAB_ASSERT(task.lease && task.lease->token == fact.token);
  if (fact.how == LeaseEnd::worker_failed) {
    note_own_failure(state.health, task.lease->worker, task.id);
  } else if (fact.how != LeaseEnd::returned) {
    lose(state, task, fact);
  }
  if (std::ranges::find(task.charged, fact.token) == task.charged.end()) {
    task.past_leases.push_back(past_lease(state, task));
  }
  release(state, task, fact.at);
}

void apply(State& state, const TaskDropped& fact) {
  remove(state, task_in(state, fact.task), fact.at);
}

void apply(State& state, const CostSpent& fact) {
  Budget& budget = lab_in(state, fact.lab).budget;
  budget.spent = plus(budget.spent, fact.cost.usd);
  budget.charged += 1;
  const auto task = state.tasks.find(fact.task);
  if (task == state.tasks.end()) return;  // decided: the stored experiment has the cost
  std::vector<FencingToken>& charged = task->second.charged;
  SWARMLAB_ASSERT(std::find(charged.begin(), charged.end(), fact.token) == charged.end());
  charged.push_back(fact.token);
  add(task->second.cost, fact.cost);
}

void apply(State& state, const CandidateMeasured& fact) {
  Task& task = task_in(state, fact.task);
  SWARMLAB_ASSERT(task.lease && task.lease->token == fact.token);
  Budget& budget = lab_in(state, fact.lab).budget;
  const Experiment& experiment = fact.pending.experiment;
  budget.spent = plus(budget.spent, fact.cost.usd);
  budget.charged += experiment.charged.size() - task.charged.size();
  task.charged = experiment.charged;
  task.cost = experiment.cost;
  note_success(state.health, task.lease->worker);
  task.pending = fact.pending;
  if (fact.beside) {
    learn_level(lab_in(state, fact.lab), *fact.beside, experiment.measurements.back());
  }
  release(state, task, fact.at);
}

void apply(State& state, const ExperimentFinished& fact) {
  const Experiment& experiment = fact.experiment;
  Task& task = task_in(state, experiment.task);
  SWARMLAB_ASSERT(task.lab == experiment.lab && task.experiment == experiment.number);
  Lab& lab = lab_in(state, experiment.lab);
  lab.budget.spent = plus(lab.budget.spent, fact.cost.usd);
  // Attempts are counted as they are charged: those of before are in the task already.
  lab.budget.charged += experiment.charged.size() - task.charged.size();
  count(lab, fact);
  note_prospects(lab.prospects, lab.settings.metric.direction,
                 lab.best ? std::optional(lab.best->level) : std::nullopt, experiment,
                 fact.becomes_best);
  learn(state, lab, task, experiment);
  if (experiment.verdict == Verdict::keep) keep(state, lab, experiment, fact.becomes_best);
  if (fact.beside) learn_level(lab, *fact.beside, experiment.measurements.back());
  note_decided(state, lab);
  if (makes_tree_known(experiment)) know_tree(lab, experiment);
  note_decided(state.health, experiment);
  remove(state, task, experiment.ended_at);
}

Worker& worker_in(State& state, const WorkerName& name) {
  const auto found = state.workers.find(name);
  SWARMLAB_ASSERT(found != state.workers.end());
  return found->second;
}

void apply(State& state, const WorkerQuarantined& fact) {
  const Quarantine quarantine{.why = fact.why, .at = fact.at};
  if (!fact.measures_only) {
    worker_in(state, fact.worker).quarantine = quarantine;
    return forget(state.health, fact.worker);
  }
  worker_in(state, fact.worker).distrust = quarantine;
  // The others were compared with it, too.
  for (auto& [name, worker] : state.workers) worker.residual = {};
}

void apply(State& state, const WorkerReleased& fact) {
  Worker& worker = worker_in(state, fact.worker);
  worker.quarantine.reset();
  worker.distrust.reset();
  worker.residual = {};
  forget(state.health, fact.worker);
}

void apply(State& state, const TimeSkipped& fact) {
  for (auto& [id, lab] : state.labs) {
    Budget& budget = lab.budget;
    if (!budget.running_since) continue;
    budget.active += std::max(Milliseconds(0), fact.from - *budget.running_since);
    budget.running_since = fact.until;
  }
}

void apply(State& state, const WorkerJoined& fact) {
  state.workers.insert_or_assign(fact.worker.name, fact.worker);
}

void apply(State& state, const WorkerForgotten& fact) {
  state.workers.erase(fact.worker);
  state.presence.workers.erase(fact.worker);
  forget(state.health, fact.worker);
}

void apply(State& state, const BackupRestored& fact) {
  SWARMLAB_ASSERT(fact.next_lab >= state.next_lab && fact.next_task >= state.next_task &&
                  fact.next_token >= state.next_token);
  state.next_lab = fact.next_lab;
  state.next_task = fact.next_task;
  state.next_token = fact.next_token;
  for (auto& [id, lab] : state.labs) {
    lab.next_experiment = ExperimentNumber(lab.next_experiment.value() + fact.skipped);
  }
}

}  // namespace

bool is_stored(const Change& change) {
  return !std::holds_alternative<WorkerSeen>(change) &&
         !std::holds_alternative<HypothesisAnnounced>(change) &&
         !std::holds_alternative<WorkerReserved>(change) &&
         !std::holds_alternative<SlotServed>(change) &&
         !std::holds_alternative<WorkerGone>(change) &&
         !std::holds_alternative<LeaseExtended>(change);
}

bool makes_tree_known(const Experiment& experiment) {
  return experiment.tree && experiment.verdict != Verdict::duplicate &&
         experiment.verdict != Verdict::no_change && experiment.verdict != Verdict::out_of_scope;
}

void evolve(State& state, const Change& change) {
  std::visit([&state](const auto& fact) { apply(state, fact); }, change);
}

}  // namespace swarmlab::swarm
