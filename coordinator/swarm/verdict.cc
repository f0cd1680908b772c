#include "coordinator/swarm/verdict.h"

#include "common/model/names.h"
#include "common/result.h"
#include "coordinator/judge/judge.h"

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

Ruling rule_on_baseline(const Report& report) {
  if (report.outcome == Outcome::measured) {
    return {.verdict = Verdict::keep,
            .reason = fmt::format("the baseline: {:.6g}", report.measurement->score)};
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
  const std::string what = kept == lab.frontier.end()
                               ? std::string("not kept")
                               : fmt::format("keep, score {:.6g}", kept->second.score);
  return {.verdict = Verdict::duplicate,
          .reason = fmt::format("same tree as #{} ({})", owner.value(), what),
          .duplicate_of = owner};
}

Ruling rule_on_measured(const Lab& lab, const Report& report) {
  SWARMLAB_ASSERT(lab.best.has_value());  // the baseline was measured first
  judge::Judgement judgement =
      judge::judge({.metric = lab.settings.metric,
                    .constraints = lab.settings.constraints,
                    .measurement = *report.measurement,
                    .best = {.number = lab.best->number, .score = lab.best->score}});
  return {.verdict = judgement.verdict, .reason = std::move(judgement.reason)};
}

}  // namespace

Ruling rule_on(const Lab& lab, const Task& task, const Report& report) {
  if (task.kind == TaskKind::baseline) return rule_on_baseline(report);
  if (report.outcome != Outcome::measured && report.outcome != Outcome::duplicate) {
    return as_reported(report);
  }
  const auto known = lab.trees.find(*report.tree);
  if (known != lab.trees.end()) return rule_on_known(lab, task, known->second);
  if (report.outcome == Outcome::measured) return rule_on_measured(lab, report);
  return {.verdict = Verdict::crash,
          .reason = fmt::format("the worker took tree {} for a duplicate, but it is not known",
                                report.tree->brief()),
          .tree_is_real = false};
}

}  // namespace swarmlab::swarm
