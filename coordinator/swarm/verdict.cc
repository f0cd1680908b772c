#include "coordinator/swarm/verdict.h"

#include <algorithm>

#include "common/model/names.h"
#include "common/result.h"
#include "coordinator/judge/judge.h"
#include "coordinator/judge/metrics.h"
#include "coordinator/swarm/contest.h"
#include "coordinator/swarm/find.h"
#include "coordinator/swarm/front.h"
#include "coordinator/swarm/merge.h"
#include "coordinator/swarm/rejected.h"
#include "coordinator/swarm/search.h"
#include "coordinator/swarm/simplicity.h"

namespace swarmlab::swarm {
namespace {

// Of outcomes that say all there is to say.
Verdict verdict_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::timeout:
      return Verdict::timeout;
    case Outcome::guard_failed:
      return Verdict::guard_failed;
    case Outcome::out_of_scope:
      return Verdict::out_of_scope;
    case Outcome::no_change:
      return Verdict::no_change;
    case Outcome::invalid:
      return Verdict::invalid;
    case Outcome::crash:
    case Outcome::measured:
    case Outcome::duplicate:
    case Outcome::returned:
      break;
  }
  return Verdict::crash;
}

Ruling as_reported(const Report& report) {
  const Verdict verdict = verdict_of(report.outcome);
  return {.verdict = verdict,
          .reason = report.reason.empty() ? std::string(name_of(verdict)) : report.reason};
}

// What the lab asks for and some run does not tell; empty: nothing.
std::string missing_metric(const Lab& lab, const Experiment& so_far) {
  const std::vector<std::string> needed = judge::needed_metrics(lab.settings);
  for (const Measurement& run : so_far.measurements) {
    if (std::string missing = judge::missing_in(run, needed); !missing.empty()) return missing;
  }
  return {};
}

// Of the further metrics of a baseline: means.
std::vector<double> other_scores(const Lab& lab, const Experiment& so_far) {
  std::vector<double> scores;
  for (const Metric& metric : lab.settings.more_metrics) {
    scores.push_back(
        judge::score_of_baseline(judge::scored_by(so_far.measurements, metric.name).value()));
  }
  return scores;
}

Ruling rule_on_baseline(const Lab& lab, const Report& report, const Experiment& so_far) {
  if (report.outcome == Outcome::measured) {
    if (std::string missing = missing_metric(lab, so_far); !missing.empty()) {
      return {.verdict = Verdict::invalid, .reason = std::move(missing)};
    }
    const double score = judge::score_of_baseline(so_far.measurements);
    Ruling ruling{.verdict = Verdict::keep,
                  .reason = fmt::format("the baseline: {:.6g}", score),
                  .others = other_scores(lab, so_far),
                  .becomes_best = true};
    const std::size_t runs = so_far.measurements.size();
    if (score != report.measurement->score) {
      ruling.reason += fmt::format(", the mean of {} runs", runs);
      ruling.score = score;
    }
    return ruling;
  }
  if (report.outcome == Outcome::duplicate || report.outcome == Outcome::no_change) {
    return {.verdict = Verdict::crash,
            .reason = fmt::format("the worker did not measure it: {}", name_of(report.outcome)),
            .tree_is_real = false};
  }
  return as_reported(report);
}

// The same tree was decided before: by its parent, or by another experiment.
Ruling rule_on_known(const Lab& lab, const Task& task, ExperimentNumber owner) {
  if (owner == task.parent) {
    return {.verdict = Verdict::no_change,
            .reason = fmt::format("same tree as its parent, #{}", owner.value())};
  }
  const auto kept = lab.frontier.find(owner);
  const std::string what = lab.rejected.contains(owner) ? std::string("rejected by a person")
                           : kept == lab.frontier.end()
                               ? std::string("not kept")
                               : fmt::format("keep, score {:.6g}", kept->second.score);
  return {.verdict = Verdict::duplicate,
          .reason = fmt::format("same tree as #{} ({})", owner.value(), what),
          .duplicate_of = owner};
}

double level_of(const Lab& lab, ExperimentNumber kept) {
  const FrontierEntry* entry = find_kept(lab, kept);
  SWARMLAB_ASSERT(entry != nullptr);
  return entry->level;
}

judge::Judgement judged(const Lab& lab, const Experiment& so_far, ExperimentNumber reference,
                        std::span<const judge::Pair> pairs, bool trusts_first = true) {
  return judge::judge({.metric = lab.settings.metric,
                       .constraints = lab.settings.constraints,
                       .measurement = so_far.measurements.front(),
                       .reference = {.number = reference, .score = level_of(lab, reference)},
                       .learned = lab.learned,
                       .pairs = pairs,
                       .others = &lab.learned_others,
                       .allowed_loss = allowed_loss(lab, so_far, reference),
                       .trusts_first = trusts_first});
}

Ruling ruling_of(const Lab& lab, const Experiment& so_far, judge::Judgement judgement,
                 const Ruling::Against& against) {
  Ruling ruling{.verdict = judgement.verdict,
                .reason = std::move(judgement.reason),
                .evidence = judgement.evidence,
                .against = against};
  if (judgement.score != so_far.measurements.front().score) ruling.score = judgement.score;
  if (ruling.verdict != Verdict::keep) return ruling;
  const bool takes_its_place = allowed_loss(lab, so_far, against.reference).has_value();
  ruling.becomes_best = takes_its_place || against.reference == lab.best->number;
  ruling.simpler = judgement.simpler;
  if (ruling.simpler) ruling.reason += "; " + smaller_text(lab, so_far);
  return ruling;
}

// Of a lab with several metrics: no score without the others.
Ruling rule_on_measured_several(const State& state, const Lab& lab, const Task& task,
                                const Experiment& so_far) {
  if (std::string missing = missing_metric(lab, so_far); !missing.empty()) {
    return {.verdict = Verdict::invalid, .reason = std::move(missing)};
  }
  std::vector<Measurement> own{so_far.measurements.front()};
  const std::vector<judge::Pair> pairs = pairs_of(so_far, 1);
  if (!pairs.empty()) own.clear();
  for (const judge::Pair& pair : pairs) own.push_back(pair.candidate);
  judge::Holding holding = judge::holds(lab.settings.constraints, own, lab.learned_others,
                                        lab.settings.metric.confidence);
  const bool is_broken = holding.all == judge::Holding::Of::no;
  if (is_broken) return {.verdict = Verdict::discard, .reason = std::move(holding.reason)};
  Ruling ruling = rule_on_several(state, lab, task, so_far);
  const bool ends = ruling.verdict == Verdict::keep || ruling.against.kept;
  if (holding.all == judge::Holding::Of::yes || !ends) return ruling;
  return {.verdict = Verdict::discard, .reason = std::move(holding.reason)};
}

// What is not better than the best may still be no worse than what that must not fall behind: from
// here on it is compared with it. Nothing: it was already, it is not smaller, or looks too bad.
std::optional<Ruling> rule_beside_anchor(const Lab& lab, const Experiment& so_far,
                                         ExperimentNumber compared_with) {
  const ExperimentNumber anchor = anchor_of(lab).number;
  if (anchor == compared_with || !is_smaller(lab, so_far)) return std::nullopt;
  Ruling ruling = ruling_of(
      lab, so_far, judged(lab, so_far, anchor, {}),
      {.reference = anchor, .series = static_cast<std::uint32_t>(so_far.measurements.size())});
  return ruling.verdict == Verdict::discard ? std::nullopt : std::optional(std::move(ruling));
}

Ruling rule_on_first(const State& state, const Lab& lab, const Task& task,
                     const Experiment& so_far) {
  SWARMLAB_ASSERT(lab.best.has_value());  // the baseline was measured first
  if (has_several_metrics(lab.settings)) return rule_on_measured_several(state, lab, task, so_far);
  const ExperimentNumber best = lab.best->number;
  const auto worker = state.workers.find(task.lease->worker);
  const bool is_trusted = worker == state.workers.end() || !worker->second.distrust;
  Ruling ruling =
      ruling_of(lab, so_far, judged(lab, so_far, best, {}, is_trusted), {.reference = best});
  if (ruling.verdict != Verdict::discard) return ruling;
  if (auto beside = rule_beside_anchor(lab, so_far, best)) return *std::move(beside);
  if (const auto beside = reference_beside_best(state, lab, task)) {
    return ruling_of(lab, so_far, judged(lab, so_far, *beside, {}), {.reference = *beside});
  }
  return ruling;
}

// The best moved on while this one was measured: now it is compared with that one, from here on.
Ruling challenge(const Lab& lab, const Experiment& so_far, Ruling kept) {
  kept.reason +=
      fmt::format("; measured again beside #{}, the best by now", lab.best->number.value());
  kept.verdict.reset();
  kept.against = {.reference = lab.best->number,
                  .series = static_cast<std::uint32_t>(so_far.measurements.size()),
                  .kept = true};
  return kept;
}

// A person rejected what it is compared with: now that is the best, from here on.
Ruling compare_anew(const Lab& lab, const Pending& pending, const Experiment& so_far) {
  Ruling ruling{.verdict = std::nullopt, .reason = {}};
  ruling.reason = fmt::format("#{} was rejected; measured again beside #{}, the best by now",
                              pending.reference.value(), lab.best->number.value());
  ruling.against = {.reference = lab.best->number,
                    .series = static_cast<std::uint32_t>(so_far.measurements.size()),
                    .kept = pending.kept};
  return ruling;
}

Ruling rule_on_pairs(const Lab& lab, const Pending& pending, const Experiment& so_far) {
  const std::vector<judge::Pair> pairs = pairs_of(so_far, pending.series);
  Ruling ruling =
      ruling_of(lab, so_far, judged(lab, so_far, pending.reference, pairs),
                {.reference = pending.reference, .series = pending.series, .kept = pending.kept});
  if (ruling.verdict == Verdict::discard && pending.kept) {
    return {.verdict = Verdict::keep,
            .reason = pending.experiment.reason + ": not shown to beat it",
            .score = pending.experiment.judged_score,
            .evidence = pending.experiment.evidence};
  }
  if (ruling.verdict == Verdict::discard) {
    if (auto beside = rule_beside_anchor(lab, so_far, pending.reference)) {
      return *std::move(beside);
    }
  }
  if (ruling.verdict == Verdict::keep && !ruling.becomes_best &&
      judge::is_better(lab.settings.metric.direction,
                       ruling.score.value_or(so_far.measurements.front().score), lab.best->level)) {
    return challenge(lab, so_far, std::move(ruling));
  }
  return ruling;
}

Ruling rule_on_repeat(const State& state, const Lab& lab, const Task& task, const Report& report,
                      const Experiment& so_far) {
  const Pending& pending = *task.pending;
  if (report.outcome == Outcome::measured) {
    // Another with the same tree was decided meanwhile.
    const auto known = lab.trees.find(*so_far.tree);
    if (known != lab.trees.end()) return rule_on_known(lab, task, known->second);
    if (lab.rejected.contains(pending.reference)) return compare_anew(lab, pending, so_far);
    if (has_several_metrics(lab.settings) && !pending.kept) {
      return rule_on_measured_several(state, lab, task, so_far);
    }
    return rule_on_pairs(lab, pending, so_far);
  }
  Ruling ruling = as_reported(report);
  ruling.reason = fmt::format("when it ran again: {}", ruling.reason);
  return ruling;
}

// It was not measured, as the lab wants it: the coordinator had said that its change is nearly that
// of another.
std::optional<Ruling> rule_on_near(const Lab& lab, const Task& task, const Report& report) {
  const std::optional<NearDuplicate>& near = report.near_duplicate;
  if (!near || lab.settings.search.near_duplicates != NearDuplicates::skip) return std::nullopt;
  if (near->of.value() == 0 || near->of >= task.experiment) return std::nullopt;
  return Ruling{
      .verdict = Verdict::duplicate,
      .reason = fmt::format("{:.0f} % of the changed lines are those of #{}: not measured",
                            100.0 * std::clamp(near->similarity, 0.0, 1.0), near->of.value()),
      .duplicate_of = near->of};
}

}  // namespace

std::optional<ExperimentNumber> reference_beside_best(const State& state, const Lab& lab,
                                                      const Task& task) {
  if (!task.parent || task.kind == TaskKind::simplify) return std::nullopt;
  if (const auto beside = policy::reference_beside_best(lab.settings.policy, view_of(state, lab),
                                                        task.experiment, *task.parent)) {
    return beside;
  }
  const bool is_old = task.parent != lab.best->number && lab.frontier.contains(*task.parent);
  return is_old && keeps_for_merging(lab) ? task.parent : std::nullopt;
}

Ruling rule_on(const State& state, const Task& task, const Report& report,
               const Experiment& so_far) {
  const Lab& lab = lab_of(state, task.lab);
  if (task.pending) return rule_on_repeat(state, lab, task, report, so_far);
  if (task.kind == TaskKind::baseline) return rule_on_baseline(lab, report, so_far);
  if (report.outcome != Outcome::measured && report.outcome != Outcome::duplicate) {
    return as_reported(report);
  }
  const auto known = lab.trees.find(*report.tree);
  if (known != lab.trees.end()) return rule_on_known(lab, task, known->second);
  if (report.outcome == Outcome::measured) return rule_on_first(state, lab, task, so_far);
  if (auto ruling = rule_on_near(lab, task, report)) return *std::move(ruling);
  return {.verdict = Verdict::crash,
          .reason = fmt::format("the worker took tree {} for a duplicate, but it is not known",
                                report.tree->brief()),
          .tree_is_real = false};
}

std::vector<judge::Pair> pairs_of(const Experiment& experiment, std::uint32_t series) {
  std::vector<judge::Pair> pairs;
  const std::vector<Measurement>& runs = experiment.measurements;
  for (std::size_t place = series; place + 1 < runs.size(); place += 2) {
    pairs.push_back({.candidate = runs[place], .reference = runs[place + 1]});
  }
  return pairs;
}

}  // namespace swarmlab::swarm
