#include "coordinator/swarm/shape.h"

#include <algorithm>
#include <cmath>

#include "common/model/names.h"
#include "common/result.h"

namespace swarmlab::swarm {
namespace {

std::string wrong_in(const Measurement& measurement) {
  if (!std::isfinite(measurement.score)) {
    return fmt::format("score is {}, expected a finite number", measurement.score);
  }
  for (const MetricValue& metric : measurement.metrics) {
    if (!std::isfinite(metric.value)) {
      return fmt::format("metric {} is {}, expected a finite number", metric.name, metric.value);
    }
  }
  return {};
}

std::string wrong_in_measured(const Report& report) {
  if (!report.measurement) return "outcome is measured, expected a measurement with it";
  if (!report.commit) return "outcome is measured, expected a commit with it";
  if (!report.tree) return "outcome is measured, expected a tree with it";
  if (report.measurement->identity.tree != *report.tree) {
    return fmt::format("the measured tree is {}, expected the candidate's, {}",
                       report.measurement->identity.tree.brief(), report.tree->brief());
  }
  return wrong_in(*report.measurement);
}

}  // namespace

std::string wrong_in(const Report& report) {
  const MicroUsd cost = report.cost.usd;
  if (cost.value() < 0 || cost > kMostCost) {
    return fmt::format("cost is {} micro-dollars, expected 0 to {}", cost.value(),
                       kMostCost.value());
  }
  const std::uint64_t tokens = std::max(report.cost.input_tokens, report.cost.output_tokens);
  if (tokens > kMostTokens) {
    return fmt::format("tokens are {}, expected 0 to {}", tokens, kMostTokens);
  }
  if (report.outcome == Outcome::measured) return wrong_in_measured(report);
  if (report.measurement) {
    return fmt::format("outcome is {}, expected no measurement with it", name_of(report.outcome));
  }
  if (report.outcome == Outcome::duplicate && !report.tree) {
    return "outcome is duplicate, expected the tree that is known";
  }
  return {};
}

std::string wrong_for(const Report& report, TaskId task, LabId lab, ExperimentNumber experiment) {
  if (report.task != task) {
    return fmt::format("task is {}, expected {}: experiment {} is its work", report.task.value(),
                       task.value(), experiment.value());
  }
  if (report.lab != lab) {
    return fmt::format("lab is {}, expected {} for task {}", report.lab.value(), lab.value(),
                       task.value());
  }
  if (report.experiment != experiment) {
    return fmt::format("experiment is {}, expected {} for task {}", report.experiment.value(),
                       experiment.value(), task.value());
  }
  return {};
}

std::string wrong_for(const Report& report, const Segment& segment) {
  if (!report.measurement) return {};
  const ScoreIdentity& identity = report.measurement->identity;
  if (identity.evaluator != segment.evaluator_hash) {
    return fmt::format("measured by evaluator {}, expected {}", identity.evaluator.brief(),
                       segment.evaluator_hash.brief());
  }
  if (identity.data != segment.data_hash) {
    return fmt::format("measured on data {}, expected {}", identity.data.brief(),
                       segment.data_hash.brief());
  }
  return {};
}

}  // namespace swarmlab::swarm
