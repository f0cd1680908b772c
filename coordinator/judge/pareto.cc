#include "coordinator/judge/pareto.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/result.h"

namespace swarmlab::judge {
namespace {

// A difference of two values is off by a few units in the last place of the larger one.
constexpr double kRounding = 1e-12;
// Of the error: for passing a reference that a candidate is far from, without a pair. It may be
// looked at before each series of pairs.
constexpr double kOfSight = 0.1;

double gain_of(const Aspect& aspect) {
  const double gain = aspect.own - aspect.reference;
  return aspect.metric.direction == Direction::maximize ? gain : -gain;
}

double required(const Aspect& aspect) {
  const Improvement& least = aspect.metric.min_improvement;
  return least.relative ? least.amount * std::abs(aspect.reference) : least.amount;
}

bool is_better_exactly(const Aspect& aspect) {
  const double gain = gain_of(aspect);
  const double tolerance = kRounding * std::max(std::abs(aspect.own), std::abs(aspect.reference));
  return gain > 0.0 && gain + tolerance >= required(aspect);
}

double noisy_among(std::span<const Aspect> aspects, const Rules& rules) {
  return static_cast<double>(std::ranges::count_if(
      aspects, [&](const Aspect& aspect) { return is_noisy(aspect, rules); }));
}

Plan plan_for(const Aspect& aspect, const Rules& rules, double noisy) {
  return {.confidence = 1.0 - (1.0 - kOfSight) * (1.0 - rules.confidence) / noisy,
          .pairs = rules.max_repeats - 1,
          .required = required(aspect)};
}

}  // namespace

bool is_noisy(const Aspect& aspect, const Rules& rules) {
  return rules.confidence != 0.0 && !aspect.learned.noise.is_zero();
}

bool is_better_for_sure(std::span<const Aspect> aspects, const Rules& rules) {
  return std::ranges::any_of(aspects, [&](const Aspect& aspect) {
    return !is_noisy(aspect, rules) && is_better_exactly(aspect);
  });
}

Sight at_first_sight(std::span<const Aspect> aspects, const Rules& rules) {
  Sight sight{.advantage = -std::numeric_limits<double>::infinity()};
  const double noisy = noisy_among(aspects, rules);
  const double looks = rules.max_repeats < 2 ? 1.0 : kMostReferences / kOfSight;
  for (const Aspect& aspect : aspects) {
    if (!is_noisy(aspect, rules)) {
      sight.passes = sight.passes || is_better_exactly(aspect);
      continue;
    }
    const Noise& noise = aspect.learned.noise;
    if (!noise.is_known() || !aspect.comparable) {
      sight.advantage = std::max(sight.advantage, std::numeric_limits<double>::min());
      continue;
    }
    const double gain = gain_of(aspect);
    sight.advantage = std::max(sight.advantage, gain / std::sqrt(noise.variance()));
    const double level = (1.0 - rules.confidence) / noisy / looks;
    const bool is_shown = gain >= required(aspect) && gain > smallest_shown(noise, 1.0 - level, 1);
    sight.passes = sight.passes || is_shown;
  }
  return sight;
}

Outlook look_at(std::span<const Aspect> aspects, const Rules& rules) {
  Outlook outlook{.look = Look::given_up};
  const double noisy = noisy_among(aspects, rules);
  double surest = -1.0;
  for (std::size_t i = 0; i < aspects.size(); ++i) {
    const Aspect& aspect = aspects[i];
    SWARMLAB_ASSERT(!aspect.gains.empty());
    Finding finding =
        look(aspect.gains, aspect.learned.noise, plan_for(aspect, rules, std::max(1.0, noisy)));
    if (!is_noisy(aspect, rules)) {
      finding.look = is_better_exactly(aspect) ? Look::better : Look::given_up;
    }
    if (finding.look == Look::better) outlook.look = Look::better;
    if (finding.look == Look::open && outlook.look != Look::better) outlook.look = Look::open;
    const double sure = finding.confidence + (finding.look == Look::better ? 1.0 : 0.0);
    if (sure > surest) outlook.best = i;
    surest = std::max(surest, sure);
    outlook.findings.push_back(finding);
  }
  return outlook;
}

}  // namespace swarmlab::judge
