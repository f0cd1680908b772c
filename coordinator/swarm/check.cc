#include "coordinator/swarm/check.h"

#include <algorithm>
#include <utility>

#include "common/model/names.h"
#include "common/result.h"
#include "coordinator/judge/judge.h"
#include "coordinator/ladder/rule.h"
#include "coordinator/swarm/climb.h"
#include "coordinator/swarm/counted.h"
#include "coordinator/swarm/draft.h"
#include "coordinator/swarm/find.h"
#include "coordinator/swarm/verdict.h"

namespace swarmlab::swarm {
namespace {

using ladder::Climb;

bool is_of_baseline(const Lab& lab, const Task& task) {
  return task.experiment == lab.segment.baseline;
}

const Climb* climb_of(const Lab& lab, const Task& task) {
  const ladder::Climbs& climbs =
      task.kind == TaskKind::holdout ? lab.holdout : lab.rungs.at(task.scale - 1).climbs;
  const auto found = climbs.find(task.experiment);
  return found == climbs.end() ? nullptr : &found->second;
}

CheckEnded end_of(const Lab& lab, const Task& task, Timestamp now) {
  const Climb* before = climb_of(lab, task);
  CheckEnded fact{.task = task.id,
                  .lab = task.lab,
                  .kind = task.kind,
                  .experiment = task.experiment,
                  .scale = task.scale,
                  .climb = {},
                  .worker = {},
                  .becomes_champion = false,
                  .closes = {},
                  .at = now};
  fact.climb.who = before == nullptr ? std::string() : before->who;
  fact.climb.task = task.id;
  fact.climb.at = now;
  return fact;
}

void fail_climb(const Lab& lab, const Task& task, CheckEnded& fact, std::string reason) {
  fact.climb.standing = ladder::Standing::failed;
  if (task.kind == TaskKind::promote && is_of_baseline(lab, task)) {
    fact.closes = "the baseline failed: " + reason;
  }
  fact.climb.reason = std::move(reason);
}

// At each scale the baseline is the first champion.
ladder::Ruling rule_on_baseline(const Lab& lab, const Experiment& so_far) {
  judge::Learned learned;
  judge::learn_from_baseline(learned, so_far.measurements);
  const double score = judge::score_of_baseline(so_far.measurements);
  return {.standing = ladder::Standing::measured,
          .becomes_champion = true,
          .score = score,
          .doubt = ladder::doubt_of_mean(lab.settings.metric, learned, so_far.measurements.size()),
          .reason = fmt::format("the baseline: {:.6g}", score)};
}

ladder::Champion champion_at(const Lab& lab, const Task& task, ExperimentNumber number) {
  ladder::Champion champion{.number = number,
                            .score = score_at(lab, number, task.scale).value_or(0.0)};
  const auto of_candidate = score_at(lab, task.experiment, task.scale - 1);
  const auto of_champion = score_at(lab, number, task.scale - 1);
  if (of_candidate && of_champion) {
    champion.below = {.candidate = *of_candidate, .champion = *of_champion};
  }
  return champion;
}

struct Compared {
  ladder::Ruling ruling;
  ExperimentNumber reference;
  std::uint32_t series = 1;
};

// The champion may have changed while the candidate ran beside an older one: who beats that one
// runs beside the new one, too.
Compared compare(const Lab& lab, const Task& task, const Experiment& so_far) {
  const ladder::Rung& rung = lab.rungs.at(task.scale - 1);
  SWARMLAB_ASSERT(rung.champion.has_value());  // the baseline was measured first
  Compared compared{.ruling = {}, .reference = *rung.champion, .series = 1};
  if (task.pending) {
    compared.reference = task.pending->reference;
    compared.series = task.pending->series;
  }
  const std::vector<judge::Pair> pairs = pairs_of(so_far, compared.series);
  compared.ruling = ladder::rule_on({.metric = lab.settings.metric,
                                     .constraints = lab.settings.constraints,
                                     .first = so_far.measurements.front(),
                                     .pairs = pairs,
                                     .learned = rung.learned,
                                     .champion = champion_at(lab, task, compared.reference)});
  if (compared.ruling.becomes_champion && compared.reference != *rung.champion) {
    compared.ruling.standing.reset();
    compared.ruling.becomes_champion = false;
    compared.ruling.reason +=
        fmt::format("; measured beside #{}, the champion by now", rung.champion->value());
    compared.reference = *rung.champion;
    compared.series = static_cast<std::uint32_t>(so_far.measurements.size());
  }
  return compared;
}

Climb climb_from(Climb climb, const ladder::Ruling& ruling, const Experiment& so_far) {
  climb.standing = ruling.standing.value_or(ladder::Standing::measured);
  climb.reason = ruling.reason;
  climb.tokens = so_far.measured_under;
  climb.score = ruling.score;
  climb.doubt = ruling.doubt;
  climb.measurements = so_far.measurements;
  climb.evidence = ruling.evidence;
  return climb;
}

Decision counted(Draft draft, std::string reason, bool decided) {
  draft.settle();
  return std::move(draft).with(
      ReportCounted{.verdict = Verdict::keep, .reason = std::move(reason), .decided = decided});
}

Decision run_again(Draft draft, const Lab& lab, const Task& task, Experiment so_far,
                   const Compared& compared) {
  so_far.reason = compared.ruling.reason;
  const std::string reason = so_far.reason;
  draft.measure_again(task,
                      {.experiment = std::move(so_far),
                       .reference = compared.reference,
                       .reference_commit = lab.frontier.at(compared.reference).commit,
                       .series = compared.series,
                       .kept = false},
                      Cost{});
  return counted(std::move(draft), reason, false);
}

}  // namespace

CheckEnded failed_check(const State& state, const Task& task, std::string reason, Timestamp now) {
  const Lab& lab = lab_of(state, task.lab);
  CheckEnded fact = end_of(lab, task, now);
  fail_climb(lab, task, fact, std::move(reason));
  return fact;
}

Decision count_check(const State& state, const Task& task, const Report& report, Timestamp now) {
  const Lab& lab = lab_of(state, task.lab);
  Draft draft(state, now);
  Experiment so_far = experiment_of(task, report, now);
  CheckEnded fact = end_of(lab, task, now);
  fact.worker = task.lease->worker;
  fact.climb.tokens = so_far.measured_under;
  if (report.outcome != Outcome::measured) {
    fail_climb(lab, task, fact,
               fmt::format("{}{}", task.pending ? "when it ran again: " : "",
                           report.reason.empty() ? name_of(report.outcome)
                                                 : std::string_view(report.reason)));
  } else if (task.kind == TaskKind::holdout) {
    const double score = so_far.measurements.front().score;
    fact.climb = climb_from(std::move(fact.climb),
                            {.standing = ladder::Standing::measured, .score = score}, so_far);
  } else if (is_of_baseline(lab, task)) {
    fact.climb = climb_from(std::move(fact.climb), rule_on_baseline(lab, so_far), so_far);
    fact.becomes_champion = true;
  } else {
    const Compared compared = compare(lab, task, so_far);
    if (!compared.ruling.standing) {
      return run_again(std::move(draft), lab, task, std::move(so_far), compared);
    }
    fact.climb = climb_from(std::move(fact.climb), compared.ruling, so_far);
    fact.becomes_champion = compared.ruling.becomes_champion;
  }
  const std::string reason = fact.climb.reason;
  draft.end_check(task, std::move(fact));
  return counted(std::move(draft), reason, true);
}

std::optional<Reply> answer_of_ended_check(const State& state, const Report& report) {
  const auto lab = state.labs.find(report.lab);
  if (lab == state.labs.end()) return std::nullopt;
  if (lab->second.rungs.empty() && !lab->second.segment.holdout_hash) return std::nullopt;
  const auto answer = [&](const ladder::Climbs& climbs) -> std::optional<Reply> {
    const auto climb = climbs.find(report.experiment);
    if (climb == climbs.end() || climb->second.task != report.task) return std::nullopt;
    if (!contains(climb->second.tokens, report.token)) return std::nullopt;
    return ReportCounted{.verdict = Verdict::keep, .reason = climb->second.reason, .decided = true};
  };
  if (auto found = answer(lab->second.holdout)) return found;
  for (const ladder::Rung& rung : lab->second.rungs) {
    if (auto found = answer(rung.climbs)) return found;
  }
  // A check that ended otherwise, long ago, or in a segment that is over: nothing is owed.
  return ReportStale{fmt::format("task {} is over, and so is its lease", report.task.value())};
}

}  // namespace swarmlab::swarm
