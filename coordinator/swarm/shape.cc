#include "coordinator/swarm/shape.h"

#include <algorithm>
#include <cmath>

#include "common/model/names.h"
#include "common/result.h"

namespace swarmlab::swarm {
namespace {

constexpr std::size_t kMostRuns = 100;  // of an evaluator, in one report

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
  if (report.commit.has_value() != report.tree.has_value()) {
    return "outcome is measured, expected a commit and its tree";
  }
  if (report.tree && report.measurement->identity.tree != *report.tree) {
    return fmt::format("the measured tree is {}, expected the candidate's, {}",
                       report.measurement->identity.tree.brief(), report.tree->brief());
  }
  if (report.more.size() >= kMostRuns) {
    return fmt::format("it has {} runs, expected {} at most", report.more.size() + 1, kMostRuns);
  }
  for (const Measurement& one : report.more) {
    if (std::string wrong = wrong_in(one); !wrong.empty()) return wrong;
  }
  return wrong_in(*report.measurement);
}

std::string wrong_identity(const ScoreIdentity& identity, const Task& task, const Lab& lab) {
  const Segment& segment = lab.segment;
  if (identity.evaluator != segment.evaluator_hash) {
    return fmt::format("measured by evaluator {}, expected {}", identity.evaluator.brief(),
                       segment.evaluator_hash.brief());
  }
  const bool on_holdout = task.kind == TaskKind::holdout && segment.holdout_hash;
  const ObjectId& data = on_holdout ? *segment.holdout_hash : segment.data_hash;
  if (identity.data != data) {
    return fmt::format("measured on data {}, expected {}", identity.data.brief(), data.brief());
  }
  // I7: what is decided at a scale is measured at it.
  if (task.kind == TaskKind::promote && identity.scale != lab.settings.scales.at(task.scale).name) {
    return fmt::format("measured at scale {}, expected {}", identity.scale,
                       lab.settings.scales.at(task.scale).name);
  }
  return {};
}

// What a new candidate, or the baseline, is measured by: all runs are of it.
std::string wrong_runs_of_one(const Report& report, const Task& task, const Lab& lab) {
  if (!report.commit) return "outcome is measured, expected a commit with it";
  if (task.candidate &&
      (report.commit != task.candidate->commit || report.tree != task.candidate->tree)) {
    return fmt::format("it measured {}, expected {}", report.commit->brief(),
                       task.candidate->commit.brief());
  }
  const bool is_baseline =
      task.kind == TaskKind::baseline ||
      (task.kind == TaskKind::promote && task.experiment == lab.segment.baseline);
  if (!is_baseline && !report.more.empty()) {
    return fmt::format("it has {} runs, expected one", report.more.size() + 1);
  }
  for (const Measurement& one : report.more) {
    if (one.identity.tree != *report.tree) return "a run of the baseline is of another tree";
  }
  return {};
}

// What a pair is: one run of the candidate, one of what it is compared with.
std::string wrong_pair(const Report& report, const Experiment& candidate) {
  if (report.more.size() != 1) {
    return fmt::format("it has {} runs, expected a pair", report.more.size() + 1);
  }
  if (report.measurement->identity.tree != candidate.tree) {
    return "the first run of the pair is not of the candidate";
  }
  if (report.more.front().identity.tree == candidate.tree) {
    return "the second run of the pair is of the candidate, expected its reference";
  }
  if (report.measurement->identity.host_class != report.more.front().identity.host_class) {
    return "the runs of the pair are from different hosts";
  }
  return {};
}

std::string wrong_in(const AgentRun& run) {
  constexpr std::size_t kMostBytes = 16U << 10U;
  constexpr auto kMostWait = std::chrono::hours(24 * 31);
  for (const std::string* text : {&run.said, &run.session, &run.model, &run.final_message}) {
    if (text->size() > kMostBytes) {
      return fmt::format("its agent's words have {} bytes, expected {} at most", text->size(),
                         kMostBytes);
    }
  }
  if (run.retry_after.count() < 0 || run.retry_after > kMostWait) {
    return fmt::format("its agent's provider asks to wait {} ms, expected 0 to a month",
                       run.retry_after.count());
  }
  if (run.refused.size() > kMostRefusals) {
    return fmt::format("{} hosts were refused, expected {} at most", run.refused.size(),
                       kMostRefusals);
  }
  return {};
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
  if (report.reworks > kMostReworks) {
    return fmt::format("it took {} reworks, expected {} at most", report.reworks, kMostReworks);
  }
  if (report.agent) {
    if (std::string wrong = wrong_in(*report.agent); !wrong.empty()) return wrong;
  }
  if (report.outcome == Outcome::measured) return wrong_in_measured(report);
  if (report.measurement || !report.more.empty()) {
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

std::string wrong_for(const Report& report, const Task& task, const Lab& lab) {
  if (!report.measurement) return {};
  std::string wrong = wrong_identity(report.measurement->identity, task, lab);
  for (const Measurement& one : report.more) {
    if (wrong.empty()) wrong = wrong_identity(one.identity, task, lab);
  }
  if (!wrong.empty()) return wrong;
  return task.pending ? wrong_pair(report, task.pending->experiment)
                      : wrong_runs_of_one(report, task, lab);
}

}  // namespace swarmlab::swarm
