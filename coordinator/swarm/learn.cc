#include "coordinator/swarm/learn.h"

#include <algorithm>
#include <cmath>

#include "common/result.h"
#include "coordinator/judge/judge.h"
#include "coordinator/swarm/verdict.h"

namespace swarmlab::swarm {
namespace {

// Runs after which a level moves as a moving average, so that it follows the machines.
constexpr std::uint64_t kLongestMemory = 50;

void note_deviations(State& state, const Lab& lab, std::span<const judge::Pair> pairs,
                     double reference) {
  for (const judge::Deviation& off :
       judge::deviations_of(pairs, lab.settings.metric.direction, reference, lab.learned)) {
    const auto worker = state.workers.find(off.worker);
    if (worker == state.workers.end() || worker->second.distrust) continue;
    judge::note_deviation(worker->second.residual, off.by);
  }
}

}  // namespace

std::optional<ExperimentNumber> ran_beside(const Task& task, const Experiment& so_far) {
  if (!task.pending) return std::nullopt;
  const std::size_t before = task.pending->experiment.measurements.size();
  if (so_far.measurements.size() <= before) return std::nullopt;
  return task.pending->reference;
}

FrontierEntry with_run(const Lab& lab, const FrontierEntry& entry, const Measurement& run) {
  const std::string& host_class = run.identity.host_class;
  if (!judge::is_comparable(host_class, lab.learned)) return entry;
  FrontierEntry more = entry;
  more.runs += 1;
  const double level = judge::at_home(run.score, host_class, lab.learned);
  const auto weight = static_cast<double>(std::min(more.runs, kLongestMemory));
  more.level += level / weight - entry.level / weight;  // no overflow
  return more;
}

void learn_level(Lab& lab, ExperimentNumber reference, const Measurement& run) {
  FrontierEntry& entry = lab.frontier.at(reference);
  entry = with_run(lab, entry, run);
  if (lab.best && lab.best->number == reference) lab.best = entry;
}

void learn(State& state, Lab& lab, const Task& task, const Experiment& experiment) {
  if (!experiment.measurements.empty()) {
    judge::note_score(lab.learned.scores, experiment.measurements.front().score);
  }
  if (experiment.kind == TaskKind::baseline) {
    if (experiment.verdict == Verdict::keep) {
      judge::learn_from_baseline(lab.learned, experiment.measurements);
    }
    return;
  }
  if (!task.pending) return;
  const double reference = lab.frontier.at(task.pending->reference).level;
  const std::vector<judge::Pair> pairs = pairs_of(experiment, task.pending->series);
  note_deviations(state, lab, pairs, reference);
  judge::learn_from_pairs(lab.learned, pairs, lab.settings.metric.direction, reference);
}

std::string why_distrust(const State& state, const Worker& worker) {
  if (worker.distrust || !judge::deviates(worker.residual)) return {};
  const double off = judge::mean_square(worker.residual);
  std::size_t others = 0;
  for (const auto& [name, other] : state.workers) {
    if (name == worker.name || other.distrust || other.residual.comparisons == 0) continue;
    if (judge::mean_square(other.residual) >= off) return {};
    ++others;
  }
  constexpr std::size_t kFewestOthers = 2;
  if (others < kFewestOthers) return {};
  return fmt::format(
      "what it measures is {:.2g} times as far from what others measure as noise explains, in {} "
      "comparisons",
      std::sqrt(off), worker.residual.comparisons);
}

bool may_explore(const Worker& worker, const Lab& lab) {
  return !worker.distrust ||
         (lab.segment.baseline_measured && judge::measures_again(lab.settings.metric, lab.learned));
}

}  // namespace swarmlab::swarm
