#include "coordinator/swarm/learn.h"

#include <algorithm>

#include "common/result.h"
#include "coordinator/judge/metrics.h"
#include "coordinator/swarm/rejected.h"
#include "coordinator/swarm/verdict.h"

namespace swarmlab::swarm {
namespace {

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

void learn_from(Lab& lab, const Task& task, const Experiment& experiment) {
  if (experiment.kind == TaskKind::baseline) {
    if (experiment.verdict != Verdict::keep) return;
    judge::learn_from_baseline(lab.learned, experiment.measurements);
    learn_others_from_baseline(lab, experiment);
    return;
  }
  if (!task.pending) return;
  const FrontierEntry* reference = find_kept(lab, task.pending->reference);
  SWARMLAB_ASSERT(reference != nullptr);
  judge::learn_from_pairs(lab.learned, pairs_of(experiment, task.pending->series),
                          lab.settings.metric.direction, reference->score);
  learn_others_from_pairs(lab, *task.pending, experiment, *reference);
}

}  // namespace swarmlab::swarm
