#include "coordinator/swarm/learn.h"

#include <algorithm>
#include <cmath>

#include "common/result.h"
#include "coordinator/judge/judge.h"
#include "coordinator/judge/metrics.h"
#include "coordinator/swarm/rejected.h"
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

// How a metric beside the score is compared, and what the reference of the pairs has in it.
struct Lane {
  Direction direction = Direction::minimize;
  double reference = 0.0;  // of a constraint: not known, so nothing is scaled by it
};

Lane lane_of(const Lab& lab, const std::string& metric, const FrontierEntry& reference) {
  const auto& further = lab.settings.more_metrics;
  const auto found = std::ranges::find(further, metric, &Metric::name);
  if (found == further.end()) return {};
  const auto place = static_cast<std::size_t>(found - further.begin());
  return {.direction = found->direction,
          .reference = place < reference.others.size() ? reference.others[place] : 0.0};
}

void learn_others_from_baseline(Lab& lab, const Experiment& experiment) {
  for (const std::string& name : judge::needed_metrics(lab.settings)) {
    const auto runs = judge::scored_by(experiment.measurements, name);
    if (runs) judge::learn_from_baseline(lab.learned_others[name], *runs);
  }
}

void learn_others_from_pairs(Lab& lab, const Pending& pending, const Experiment& experiment,
                             const FrontierEntry& reference) {
  for (const std::string& name : judge::needed_metrics(lab.settings)) {
    auto runs = judge::scored_by(experiment.measurements, name);
    if (!runs) continue;
    Experiment seen;
    seen.measurements = *std::move(runs);
    const Lane lane = lane_of(lab, name, reference);
    judge::learn_from_pairs(lab.learned_others[name], pairs_of(seen, pending.series),
                            lane.direction, lane.reference);
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
  const auto found = lab.frontier.find(reference);
  if (found == lab.frontier.end()) return;  // people rejected it
  FrontierEntry& entry = found->second;
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
      learn_others_from_baseline(lab, experiment);
    }
    return;
  }
  if (!task.pending) return;
  const FrontierEntry* entry = find_kept(lab, task.pending->reference);
  SWARMLAB_ASSERT(entry != nullptr);
  const double reference = entry->level;
  const std::vector<judge::Pair> pairs = pairs_of(experiment, task.pending->series);
  note_deviations(state, lab, pairs, reference);
  judge::learn_from_pairs(lab.learned, pairs, lab.settings.metric.direction, reference);
  learn_others_from_pairs(lab, *task.pending, experiment, *entry);
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
      "what it measures is {:.1f} times as far from what others measure as noise explains, in {} "
      "comparisons",
      std::sqrt(off), worker.residual.comparisons);
}

bool may_explore(const Worker& worker, const Lab& lab) {
  return !worker.distrust ||
         (lab.segment.baseline_measured && judge::measures_again(lab.settings.metric, lab.learned));
}

}  // namespace swarmlab::swarm
