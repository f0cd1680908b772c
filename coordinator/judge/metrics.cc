#include "coordinator/judge/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace swarmlab::judge {

std::optional<double> value_of(const Measurement& run, const std::string& metric) {
  const auto found = std::ranges::find(run.metrics, metric, &MetricValue::name);
  return found == run.metrics.end() ? std::nullopt : std::optional(found->value);
}

std::optional<std::vector<Measurement>> scored_by(std::span<const Measurement> runs,
                                                  const std::string& metric) {
  std::vector<Measurement> scored;
  scored.reserve(runs.size());
  for (const Measurement& run : runs) {
    const auto value = value_of(run, metric);
    if (!value) return std::nullopt;
    Measurement& one = scored.emplace_back();
    one.identity = run.identity;
    one.score = *value;
    one.worker = run.worker;
  }
  return scored;
}

std::vector<std::string> needed_metrics(const LabSettings& settings) {
  std::vector<std::string> needed;
  const auto need = [&](const std::string& name) {
    if (std::ranges::find(needed, name) == needed.end()) needed.push_back(name);
  };
  for (const Metric& metric : settings.more_metrics) need(metric.name);
  for (const Constraint& constraint : settings.constraints) need(constraint.metric);
  return needed;
}

std::string missing_in(const Measurement& run, const std::vector<std::string>& needed) {
  constexpr std::size_t kTold = 10;
  for (const std::string& name : needed) {
    if (value_of(run, name)) continue;
    std::string given;
    for (std::size_t i = 0; i < std::min(run.metrics.size(), kTold); ++i) {
      given += (i == 0 ? "" : ", ") + run.metrics[i].name;
    }
    if (run.metrics.size() > kTold) given += ", ...";
    return fmt::format("metric {} was not measured: the evaluator gave {}", name,
                       given.empty() ? "the score alone" : given + " beside the score");
  }
  return {};
}

double worst_of(const Metric& metric, double baseline) {
  if (metric.worst) return *metric.worst;
  const double size = baseline == 0.0 ? 1.0 : std::abs(baseline);
  return metric.direction == Direction::minimize ? baseline + size : baseline - size;
}

}  // namespace swarmlab::judge
