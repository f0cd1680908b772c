// A report arrives: right, late, twice, or from a worker that was given up. It counts exactly once
// (I1), and only under the current token (I2); what was spent is recorded whatever it is worth.
#include <algorithm>

#include "common/result.h"
#include "coordinator/swarm/backoff.h"
#include "coordinator/swarm/check.h"
#include "coordinator/swarm/counted.h"
#include "coordinator/swarm/find.h"
#include "coordinator/swarm/front.h"
#include "coordinator/swarm/handlers.h"
#include "coordinator/swarm/lease.h"
#include "coordinator/swarm/merge.h"
#include "coordinator/swarm/rejected.h"
#include "coordinator/swarm/shape.h"
#include "coordinator/swarm/simplicity.h"
#include "coordinator/swarm/stop.h"
#include "coordinator/swarm/verdict.h"

namespace swarmlab::swarm {
namespace {

// What a lease cost is told by who held it: the worker, and with the key that it had.
bool held(const State& state, const ReportArrived& command, const std::vector<PastLease>& past) {
  const auto worker = state.workers.find(command.worker);
  const std::string key = worker == state.workers.end() ? "" : worker->second.key;
  return std::ranges::any_of(past, [&](const PastLease& lease) {
    return lease.token == command.report.token && lease.worker == command.worker &&
           lease.key == key;
  });
}

Decision refuse_report(const Report& report, const std::string& what) {
  return {.changes = {},
          .reply = Error{ErrorCode::invalid_input,
                         fmt::format("report of task {}: {}", report.task.value(), what)}};
}

Decision stale(Draft draft, std::string because) {
  return std::move(draft).with(ReportStale{.because = std::move(because)});
}

// Not under the current lease: only what it cost, once.
void charge(Draft& draft, const Report& report, const std::vector<FencingToken>& charged) {
  if (contains(charged, report.token)) return;
  draft.spend({.lab = report.lab,
               .experiment = report.experiment,
               .task = report.task,
               .token = report.token,
               .cost = report.cost});
}

// The experiment is decided. The same report gets the same answer, whenever it comes again.
Decision on_decided(const State& state, const ReportArrived& command, const Experiment& decided,
                    Timestamp now) {
  const Report& report = command.report;
  if (report.task != decided.task && report.lab == decided.lab) {
    if (auto answer = answer_of_ended_check(state, report)) {
      return {.changes = {}, .reply = *std::move(answer)};
    }
  }
  if (auto wrong = wrong_for(report, decided.task, decided.lab, decided.number); !wrong.empty()) {
    return refuse_report(report, wrong);
  }
  Draft draft(state, now);
  if (report.token == decided.token && decided.token != FencingToken()) {
    if (command.worker != decided.worker) {
      return stale(std::move(draft), "its lease was another worker's");
    }
    return std::move(draft).with(
        ReportCounted{.verdict = decided.verdict, .reason = decided.reason});
  }
  if (contains(decided.measured_under, report.token)) {
    return std::move(draft).with(
        ReportCounted{.verdict = decided.verdict, .reason = decided.reason});
  }
  if (held(state, command, decided.past_leases)) charge(draft, report, decided.charged);
  draft.settle();
  return stale(
      std::move(draft),
      fmt::format("experiment {} is decided already, under another lease", decided.number.value()));
}

std::string why_stale(const Task& task, FencingToken token) {
  if (!task.lease) return fmt::format("task {} waits for another worker", task.id.value());
  if (task.lease->token != token) {
    return fmt::format("task {} is leased again, under token {}", task.id.value(),
                       task.lease->token.value());
  }
  return fmt::format("the lease of task {} is over", task.id.value());
}

// Handed back, or of a segment that ended: the lease ends, and only what was spent counts.
Decision without_a_verdict(const State& state, const Rules& rules, const Task& task,
                           const Report& report, Timestamp now) {
  Draft draft(state, now);
  charge(draft, report, task.charged);
  if (!is_orphan(state, task)) {
    note_provider(draft, rules, lab_of(state, task.lab), task, report, now);
  }
  return_lease(draft, state, task, report.reason,
               report.own_failure ? LeaseEnd::worker_failed : LeaseEnd::returned);
  draft.settle();
  return stale(std::move(draft),
               is_orphan(state, task)
                   ? fmt::format("the segment of task {} ended: its score compares with nothing",
                                 task.id.value())
                   : fmt::format("handed back: task {} waits for another worker", task.id.value()));
}

void take_ruling(Experiment& experiment, const Ruling& ruling) {
  experiment.verdict = ruling.verdict.value_or(Verdict::discard);
  experiment.reason = ruling.reason;
  experiment.judged_score = ruling.score;
  experiment.evidence = ruling.evidence;
  experiment.simpler = ruling.simpler;
  // Of a comparison with the best in the primary metric the others stand.
  if (!ruling.others.empty()) experiment.other_scores = ruling.others;
  if (!ruling.other_evidence.empty()) experiment.other_evidence = ruling.other_evidence;
  experiment.duplicate_of = ruling.duplicate_of;
  if (ruling.tree_is_real) return;
  experiment.commit.reset();
  experiment.tree.reset();
}

Pending pending_of(const State& state, const Task& task, Experiment experiment,
                   const Ruling& ruling) {
  const Ruling::Against& against = ruling.against;
  const bool goes_on = task.pending && task.pending->kept && against.kept;
  if (!goes_on) take_ruling(experiment, ruling);  // else what it was kept for stands
  const FrontierEntry* reference = find_kept(lab_of(state, task.lab), against.reference);
  SWARMLAB_ASSERT(reference != nullptr);
  return {.experiment = std::move(experiment),
          .reference = against.reference,
          .reference_commit = reference->commit,
          .series = against.series,
          .kept = against.kept,
          .passed = against.passed};
}

// Whether what is kept adds to the frontier of several metrics.
bool advances(const State& state, const Lab& lab, Experiment& experiment) {
  if (experiment.verdict != Verdict::keep || !has_several_metrics(lab.settings)) return false;
  if (experiment.kind == TaskKind::baseline) return true;
  constexpr double kRounding = 1e-12;
  const policy::Front& front = state.index.labs.at(lab.id).front;
  const double volume =
      hypervolume_with(front, lab, experiment.score().value(), experiment.other_scores);
  experiment.hypervolume = volume;
  return volume > front.hypervolume * (1.0 + kRounding);
}

// The task that combines what was just kept with what is, or was, the best.
std::optional<TaskCreated> merge_for(const State& state, const Task& task,
                                     const Experiment& experiment, const Ruling& ruling) {
  const Lab& lab = lab_of(state, task.lab);
  if (ruling.verdict != Verdict::keep || task.kind == TaskKind::baseline) return std::nullopt;
  const FrontierEntry kept{.number = experiment.number,
                           .score = experiment.score().value_or(0.0),
                           .commit = *experiment.commit,
                           .parent = experiment.parent,
                           .merged = experiment.merged_with};
  const auto wish = merge_wish(lab, kept, ruling.becomes_best);
  if (!wish) return std::nullopt;
  const auto commit_of = [&](ExperimentNumber number) {
    return number == kept.number ? kept.commit : lab.frontier.at(number).commit;
  };
  return TaskCreated{
      .task = state.next_task,
      .lab = lab.id,
      .kind = TaskKind::merge,
      .experiment = lab.next_experiment,
      .segment = lab.segment.number,
      .parent = wish->ours,
      .parent_commit = commit_of(wish->ours),
      .picked_because =
          fmt::format("merge of #{} into #{}, the best", wish->theirs.value(), wish->ours.value()),
      .merge = MergeWith{
          .other = wish->theirs, .commit = commit_of(wish->theirs), .base = commit_of(wish->base)}};
}

// A merge is an experiment like others: no limit forbids one more.
bool may_begin(Draft& draft, const State& state, LabId lab) {
  const Standing& standing = draft.standing(lab);
  const std::uint64_t most = lab_of(state, lab).settings.stop.max_iterations;
  const std::uint64_t open =
      standing.iterations + standing.leased - standing.leased_checks + standing.waiting;
  return standing.status == LabStatus::running && (most == 0 || open < most);
}

// pi-autoresearch's confidence, after this experiment.
std::optional<double> mad_confidence_after(const Lab& lab, const Experiment& experiment,
                                           bool becomes_best) {
  if (!lab.best || experiment.measurements.empty()) return std::nullopt;
  judge::Scores scores = lab.learned.scores;
  judge::note_score(scores, experiment.measurements.front().score);
  return judge::mad_confidence(
      scores, becomes_best ? experiment.score().value_or(lab.best->score) : lab.best->score);
}

// A pair, or a baseline, from a worker whose measurements do not count any more.
bool is_distrusted(const State& state, const Task& task, const Report& report) {
  if (report.outcome != Outcome::measured) return false;
  if (!task.pending && task.kind != TaskKind::baseline) return false;
  const auto worker = state.workers.find(task.lease->worker);
  return worker != state.workers.end() && worker->second.distrust;
}

Decision count_report(const State& state, const Rules& rules, const Task& task,
                      const ReportArrived& command, Timestamp now) {
  const Report& report = command.report;
  Experiment experiment = experiment_of(task, report, now);
  if (!task.pending) {
    experiment.size = size_of(lab_of(state, task.lab).settings.search.simplicity, command);
  }
  const Ruling ruling = rule_on(state, task, report, experiment);
  const Cost cost = charge_report(experiment, task, report);
  Draft draft(state, now);
  note_provider(draft, rules, lab_of(state, task.lab), task, report, now);
  if (ruling.verdict) {
    take_ruling(experiment, ruling);
    std::optional<TaskCreated> merge = merge_for(state, task, experiment, ruling);
    experiment.mad_confidence =
        mad_confidence_after(lab_of(state, task.lab), experiment, ruling.becomes_best);
    const bool more = advances(state, lab_of(state, task.lab), experiment);
    draft.finish(task, std::move(experiment),
                 {.cost = cost, .becomes_best = ruling.becomes_best, .advances = more});
    if (merge && may_begin(draft, state, task.lab)) draft.create(*std::move(merge));
  } else {
    draft.measure_again(task, pending_of(state, task, std::move(experiment), ruling), cost);
  }
  draft.settle();
  return std::move(draft).with(ReportCounted{.verdict = ruling.verdict.value_or(Verdict::discard),
                                             .reason = ruling.reason,
                                             .decided = ruling.verdict.has_value()});
}

// It counted before, and the task is measured again meanwhile: the same answer.
std::optional<ReportCounted> counted_before(const Task& task, FencingToken token) {
  if (!task.pending || !contains(task.pending->experiment.measured_under, token)) {
    return std::nullopt;
  }
  return ReportCounted{.reason = task.pending->experiment.reason, .decided = false};
}

Decision on_open(const State& state, const Rules& rules, const Task& task,
                 const ReportArrived& command, Timestamp now) {
  const Report& report = command.report;
  if (auto wrong = wrong_for(report, task.id, task.lab, task.experiment); !wrong.empty()) {
    return refuse_report(report, wrong);
  }
  Draft draft(state, now);
  const bool is_current = task.lease && task.lease->token == report.token;
  if (is_current && task.lease->worker != command.worker) {
    return stale(std::move(draft), "its lease is another worker's");
  }
  if (auto counted = counted_before(task, report.token)) {
    return std::move(draft).with(*std::move(counted));
  }
  if (!holds(state, task, command.worker, report.token, now)) {
    if (is_current || held(state, command, task.past_leases)) {
      charge(draft, report, task.charged);
    }
    draft.settle();
    return stale(std::move(draft), why_stale(task, report.token));
  }
  if (report.outcome == Outcome::returned || is_orphan(state, task) ||
      is_distrusted(state, task, report)) {
    return without_a_verdict(state, rules, task, report, now);
  }
  if (auto wrong = wrong_for(report, task, lab_of(state, task.lab)); !wrong.empty()) {
    return refuse_report(report, wrong);
  }
  if (!makes_experiment(task.kind)) return count_check(state, task, report, now);
  return count_report(state, rules, task, command, now);
}

}  // namespace

Decision on(const State& state, const Rules& rules, const ReportArrived& command, Timestamp now) {
  const Report& report = command.report;
  if (auto wrong = wrong_in(report); !wrong.empty()) return refuse_report(report, wrong);
  // Of a check the candidate is decided, and the task is open.
  const Task* task = find_task(state, report.task);
  if (task != nullptr && !makes_experiment(task->kind)) {
    if (report.cost != Cost{}) {
      return refuse_report(report, "it costs money or tokens, expected none: no agent ran");
    }
    return on_open(state, rules, *task, command, now);
  }
  if (command.decided) return on_decided(state, command, *command.decided, now);
  if (task != nullptr) return on_open(state, rules, *task, command, now);
  // It ended in the same turn: nobody looked up what was decided.
  if (auto answer = answer_of_ended_check(state, report)) {
    return {.changes = {}, .reply = *std::move(answer)};
  }
  return {.changes = {},
          .reply = ReportStale{
              fmt::format("task {} is not known: its segment ended", report.task.value())}};
}

}  // namespace swarmlab::swarm
