#include "coordinator/judge/judge.h"

#include <algorithm>
#include <cmath>

#include "common/result.h"

namespace swarmlab::judge {
namespace {

// A difference of two scores is off by a few units in the last place of the larger one. So 0.3 and
// 0.2 differ by a required 0.1, although the subtraction gives a little less.
constexpr double kRounding = 1e-12;

const MetricValue* find_metric(const std::vector<MetricValue>& metrics, const std::string& name) {
  const auto found = std::find_if(metrics.begin(), metrics.end(),
                                  [&name](const MetricValue& one) { return one.name == name; });
  return found == metrics.end() ? nullptr : &*found;
}

// What is wrong, or nothing.
std::string broken(const Constraint& constraint, const Measurement& measurement) {
  const MetricValue* metric = find_metric(measurement.metrics, constraint.metric);
  if (metric == nullptr) {
    return fmt::format("constraint {} was not measured", constraint.metric);
  }
  if (constraint.min && metric->value < *constraint.min) {
    return fmt::format("constraint {} is {:.6g}, at least {:.6g}", constraint.metric, metric->value,
                       *constraint.min);
  }
  if (constraint.max && metric->value > *constraint.max) {
    return fmt::format("constraint {} is {:.6g}, at most {:.6g}", constraint.metric, metric->value,
                       *constraint.max);
  }
  return {};
}

double required(const Improvement& improvement, double best) {
  return improvement.relative ? improvement.amount * std::abs(best) : improvement.amount;
}

}  // namespace

Judgement judge(const JudgeInput& input) {
  for (const Constraint& constraint : input.constraints) {
    if (std::string reason = broken(constraint, input.measurement); !reason.empty()) {
      return {.verdict = Verdict::discard, .reason = std::move(reason)};
    }
  }
  const double score = input.measurement.score;
  const double best = input.best.score;
  const auto number = input.best.number.value();
  if (!is_better(input.metric.direction, score, best)) {
    return {.verdict = Verdict::discard,
            .reason = fmt::format("{:.6g} does not beat {:.6g} of #{}", score, best, number)};
  }
  const double gain = std::abs(score - best);
  const double least = required(input.metric.min_improvement, best);
  const double tolerance = kRounding * std::max(std::abs(score), std::abs(best));
  if (gain + tolerance < least) {
    return {
        .verdict = Verdict::discard,
        .reason = fmt::format("{:.6g} beats {:.6g} of #{} by {:.3g} only, at least {:.3g} counts",
                              score, best, number, gain, least)};
  }
  return {.verdict = Verdict::keep,
          .reason = fmt::format("{:.6g} beats {:.6g} of #{} by {:.3g}", score, best, number, gain)};
}

}  // namespace swarmlab::judge
