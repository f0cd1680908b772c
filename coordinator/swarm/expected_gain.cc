#include "coordinator/swarm/expected_gain.h"

#include <cmath>

#include "common/result.h"

namespace swarmlab::swarm {
namespace {

constexpr double kFewestTrials = 30.0;

// The longest memory forgets nothing.
double trials_in(const judge::Prospects& prospects) {
  return prospects.memories.back().successes + prospects.memories.back().failures;
}

double gain_over(Direction direction, double best, const Experiment& experiment) {
  if (experiment.evidence) return experiment.evidence->gain;
  const double score = experiment.score().value_or(best);
  return direction == Direction::maximize ? score - best : best - score;
}

}  // namespace

void note_prospects(judge::Prospects& prospects, Direction direction,
                    const std::optional<double>& best, const Experiment& experiment,
                    bool becomes_best) {
  if (experiment.kind == TaskKind::baseline || experiment.undoes) return;
  const bool is_success = becomes_best && best && !experiment.simpler;
  judge::note_trial(prospects,
                    {.success = is_success,
                     .gain = is_success ? gain_over(direction, *best, experiment) : 0.0,
                     .cost_usd = static_cast<double>(experiment.cost.usd.value()) / 1e6});
}

std::optional<Limit> too_little_expected(const GainLimit& limit,
                                         const judge::Prospects& prospects) {
  if (trials_in(prospects) < kFewestTrials) return std::nullopt;
  constexpr const char* kRemedy = "lower --expected-gain or [stop] expected_gain";
  if (limit.chance > 0.0) {
    const double chance = judge::chance_within(prospects, limit.experiments);
    if (chance < limit.chance) {
      return Limit{fmt::format("a new best within {} experiments has a chance of {:.3g} %, below "
                               "{:.3g} %",
                               limit.experiments, 100.0 * chance, 100.0 * limit.chance),
                   kRemedy};
    }
  }
  const auto per_dollar = judge::gain_per_dollar(prospects);
  if (limit.per_dollar > 0.0 && per_dollar && *per_dollar < limit.per_dollar) {
    return Limit{fmt::format("a dollar can be expected to bring {:.3g}, below {:.3g}", *per_dollar,
                             limit.per_dollar),
                 kRemedy};
  }
  return std::nullopt;
}

}  // namespace swarmlab::swarm
