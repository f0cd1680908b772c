#include "coordinator/swarm/climbs.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "common/result.h"
#include "coordinator/swarm/evolve_parts.h"
#include "coordinator/swarm/health.h"
#include "coordinator/swarm/stop.h"
#include "coordinator/swarm/verdict.h"

namespace swarmlab::swarm {
namespace {

using ladder::Climb;
using ladder::Ranking;
using ladder::Rung;

Rung& rung_in(Lab& lab, std::uint32_t scale) {
  SWARMLAB_ASSERT(scale >= 1 && scale <= lab.rungs.size());
  return lab.rungs[scale - 1];
}

std::size_t rungs_of(const LabSettings& settings) {
  return settings.scales.empty() ? 0 : settings.scales.size() - 1;
}

double bound_of(const Lab& lab, double score, double doubt) {
  return ladder::pessimistic(lab.settings.metric.direction, score, doubt);
}

bool is_baseline(const Lab& lab, ExperimentNumber number) {
  return number == lab.segment.baseline;
}

// The baseline is at each scale anyway: it is no entrant.
bool enters(const Lab& lab, ExperimentNumber number, const Climb& climb) {
  return climb.standing == ladder::Standing::measured && !is_baseline(lab, number);
}

// What a climb to a scale means for those who may climb to it.
void take_from_below(State& state, const Lab& lab, std::uint32_t scale, ExperimentNumber number) {
  state.index.labs[lab.id].rankings.at(scale - 1).take(number);
}

template <class Fact>
Climb& stand(State& state, const Fact& fact, ladder::Standing standing) {
  Lab& lab = lab_in(state, fact.lab);
  Rung& rung = rung_in(lab, fact.scale);
  const auto known = rung.climbs.find(fact.experiment);
  Climb climb = known == rung.climbs.end() ? Climb{} : known->second;
  climb.standing = standing;
  climb.reason = fact.why;
  climb.at = fact.at;
  rung.put(fact.experiment, std::move(climb));
  take_from_below(state, lab, fact.scale, fact.experiment);
  return rung.climbs.at(fact.experiment);
}

// What its repeated runs say of the noise at the scale.
void learn(const Lab& lab, Rung& rung, const Task& task, const CheckEnded& fact) {
  if (!fact.climb.has_score()) return;
  if (is_baseline(lab, fact.experiment)) {
    judge::learn_from_baseline(rung.learned, fact.climb.measurements);
    return;
  }
  if (!task.pending) return;
  const auto reference = rung.climbs.find(task.pending->reference);
  if (reference == rung.climbs.end()) return;
  Experiment runs;
  runs.measurements = fact.climb.measurements;
  judge::learn_from_pairs(rung.learned, pairs_of(runs, task.pending->series),
                          lab.settings.metric.direction, reference->second.score);
}

void end_climb(State& state, Lab& lab, const Task& task, const CheckEnded& fact) {
  Rung& rung = rung_in(lab, fact.scale);
  learn(lab, rung, task, fact);
  for (const Measurement& run : fact.climb.measurements) rung.spent += run.took;
  rung.put(fact.experiment, fact.climb);
  if (fact.becomes_champion) rung.champion = fact.experiment;
  rung.closed = fact.closes;
  std::vector<Ranking>& rankings = state.index.labs[lab.id].rankings;
  if (fact.scale < rankings.size() && enters(lab, fact.experiment, fact.climb)) {
    rankings[fact.scale].leave(fact.experiment);  // measured once more: a person wished so
    rankings[fact.scale].enter(fact.experiment, bound_of(lab, fact.climb.score, fact.climb.doubt));
  }
}

// The best of those that stand, the worst that noise allows taken; of equal ones the oldest. The
// baseline always stands.
ExperimentNumber next_champion(const Lab& lab, const Rung& rung) {
  ExperimentNumber best = lab.segment.baseline;
  double most = -std::numeric_limits<double>::infinity();
  for (const auto& [number, climb] : rung.climbs) {
    if (climb.standing != ladder::Standing::measured) continue;
    const double bound = bound_of(lab, climb.score, climb.doubt);
    if (bound > most) best = number;
    most = std::max(most, bound);
  }
  return best;
}

}  // namespace

double doubt_of(const Experiment& experiment) {
  if (!experiment.evidence) return 0.0;
  const double doubt = experiment.evidence->gain - experiment.evidence->low;
  return std::isfinite(doubt) ? std::max(0.0, doubt) : 0.0;
}

bool has_ladder(const Lab& lab) {
  return !lab.rungs.empty();
}

void rebuild_rankings(State& state, const Lab& lab) {
  std::vector<Ranking>& rankings = state.index.labs[lab.id].rankings;
  rankings.clear();
  for (std::uint32_t scale = 1; scale <= lab.rungs.size(); ++scale) {
    Ranking ranking(lab.settings.scales.at(scale).promotion.fraction);
    if (scale == 1) {
      for (const auto& [number, entry] : lab.frontier) {
        if (is_baseline(lab, number)) continue;
        ranking.enter(number, bound_of(lab, entry.score, entry.doubt));
      }
    } else {
      for (const auto& [number, climb] : lab.rungs[scale - 2].climbs) {
        if (!enters(lab, number, climb)) continue;
        ranking.enter(number, bound_of(lab, climb.score, climb.doubt));
      }
    }
    for (const auto& [number, climb] : lab.rungs[scale - 1].climbs) ranking.take(number);
    rankings.push_back(std::move(ranking));
  }
}

void note_scaled_otherwise(State& state, Lab& lab) {
  // Other scales come with a new segment: then there is nothing in the rungs that could be lost.
  lab.rungs.resize(rungs_of(lab.settings));
  for (Rung& rung : lab.rungs) rung.closed.clear();
  rebuild_rankings(state, lab);
}

void note_new_ladder(State& state, Lab& lab) {
  lab.rungs.assign(rungs_of(lab.settings), {});
  lab.holdout.clear();
  rebuild_rankings(state, lab);
}

void note_entrant(State& state, const Lab& lab, const FrontierEntry& entry) {
  if (!has_ladder(lab) || is_baseline(lab, entry.number)) return;
  state.index.labs[lab.id].rankings.front().enter(entry.number,
                                                  bound_of(lab, entry.score, entry.doubt));
}

void note_rejected(Lab& lab, ExperimentNumber number, const Rejection& rejection) {
  for (Rung& rung : lab.rungs) {
    const auto known = rung.climbs.find(number);
    if (known == rung.climbs.end()) continue;
    Climb climb = known->second;
    climb.standing = ladder::Standing::rejected;
    climb.reason = rejection.why;
    climb.who = rejection.who;
    climb.at = rejection.at;
    rung.put(number, std::move(climb));
    if (rung.champion == number) rung.champion = next_champion(lab, rung);
  }
}

void apply(State& state, const PromotionProposed& fact) {
  stand(state, fact, ladder::Standing::proposed);
}

void apply(State& state, const Promoted& fact) {
  stand(state, fact, ladder::Standing::promoted).who = fact.who;
}

void apply(State& state, const PromotionRejected& fact) {
  stand(state, fact, ladder::Standing::rejected).who = fact.who;
}

void apply(State& state, const CheckBegan& fact) {
  SWARMLAB_ASSERT(fact.task == state.next_task && !makes_experiment(fact.kind));
  Lab& lab = lab_in(state, fact.lab);
  SWARMLAB_ASSERT(fact.segment == lab.segment.number);
  Task task;
  task.id = fact.task;
  task.lab = fact.lab;
  task.kind = fact.kind;
  task.experiment = fact.experiment;
  task.segment = fact.segment;
  task.parent_commit = fact.commit;
  task.picked_because = fact.why;
  task.scale = fact.scale;
  put_waiting(state.index.labs[fact.lab], task);
  state.tasks.emplace(fact.task, std::move(task));
  state.next_task = next(fact.task);
  if (fact.kind == TaskKind::holdout) {
    lab.holdout[fact.experiment] = Climb{.standing = ladder::Standing::running,
                                         .reason = fact.why,
                                         .who = {},
                                         .task = fact.task,
                                         .at = fact.at};
    return;
  }
  stand(state, fact, ladder::Standing::running).task = fact.task;
  if (!is_baseline(lab, fact.experiment)) rung_in(lab, fact.scale).begun += 1;
}

void apply(State& state, const CheckEnded& fact) {
  Task& task = task_in(state, fact.task);
  SWARMLAB_ASSERT(task.experiment == fact.experiment && task.kind == fact.kind);
  Lab& lab = lab_in(state, fact.lab);
  if (fact.kind == TaskKind::holdout) {
    // Of what people rejected nothing is kept.
    if (lab.frontier.contains(fact.experiment)) lab.holdout[fact.experiment] = fact.climb;
  } else {
    end_climb(state, lab, task, fact);
  }
  if (fact.climb.has_score() && !fact.worker.value().empty()) {
    note_success(state.health, fact.worker);
  }
  remove(state, task, fact.at);
}

}  // namespace swarmlab::swarm
