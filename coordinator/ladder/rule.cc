#include "coordinator/ladder/rule.h"

#include <algorithm>
#include <cmath>

#include "common/result.h"
#include "coordinator/judge/judge.h"
#include "coordinator/judge/sequential.h"

namespace swarmlab::ladder {
namespace {

// Of the end of the interval where the candidate looks best.
double optimistic(Direction direction, const Ruling& ruling) {
  return direction == Direction::maximize ? ruling.score + ruling.doubt
                                          : ruling.score - ruling.doubt;
}

// The scale below had it ahead of the champion, and this one has it behind, beyond the noise.
bool disagrees(const Input& input, const Ruling& ruling) {
  const Direction direction = input.metric.direction;
  const std::optional<Champion::Below>& below = input.champion.below;
  return below && judge::is_better(direction, below->candidate, below->champion) &&
         judge::is_better(direction, input.champion.score, optimistic(direction, ruling));
}

Ruling stand_beside(const Input& input, Ruling ruling) {
  ruling.standing = Standing::measured;
  if (disagrees(input, ruling)) {
    ruling.standing = Standing::demoted;
    ruling.reason += fmt::format("; the scale below has {:.6g} against {:.6g}: they disagree",
                                 input.champion.below->candidate, input.champion.below->champion);
  }
  return ruling;
}

// A metric that looks exact is taken at its word only twice.
bool is_confirmed(const Input& input) {
  return judge::gain_of(input.pairs.back(), input.metric.direction, input.champion.score,
                        input.learned.home) > 0.0;
}

double doubt_of(const Input& input, const judge::Judgement& judgement) {
  if (judgement.evidence) {
    const double doubt = judgement.evidence->gain - judgement.evidence->low;
    if (std::isfinite(doubt)) return std::max(0.0, doubt);
  }
  return doubt_of_mean(input.metric, input.learned, 1);
}

}  // namespace

double doubt_of_mean(const Metric& metric, const judge::Learned& learned, std::size_t runs) {
  if (metric.confidence == 0.0 || !learned.noise.is_known() || learned.noise.is_zero()) return 0.0;
  const double of_difference = judge::smallest_shown(learned.noise, metric.confidence, 1);
  return std::max(0.0, of_difference / std::sqrt(2.0 * static_cast<double>(runs)));
}

Ruling rule_on(const Input& input) {
  judge::Judgement judgement =
      judge::judge({.metric = input.metric,
                    .constraints = input.constraints,
                    .measurement = input.first,
                    .reference = {.number = input.champion.number, .score = input.champion.score},
                    .learned = input.learned,
                    .pairs = input.pairs});
  Ruling ruling{.score = judgement.score,
                .doubt = doubt_of(input, judgement),
                .reason = std::move(judgement.reason),
                .evidence = judgement.evidence};
  if (!judgement.verdict) return ruling;
  if (*judgement.verdict != Verdict::keep) return stand_beside(input, std::move(ruling));
  if (input.pairs.empty()) {
    ruling.reason += ": to be confirmed beside the champion";
    return ruling;
  }
  if (!is_confirmed(input)) {
    ruling.reason += "; a fresh run beside it does not confirm that";
    return stand_beside(input, std::move(ruling));
  }
  ruling.standing = Standing::measured;
  ruling.becomes_champion = true;
  return ruling;
}

}  // namespace swarmlab::ladder
