#include "cli/noise.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "cli/text.h"

namespace swarmlab::cli {

namespace {

// A candidate is kept on one run against one run. Of a change that does nothing the difference has
// a deviation of sqrt(2) sd, so it passes 3 sd in 2 of 100 experiments.
constexpr double kDeviations = 3.0;

// Two digits, rounded up: more would pretend to know more than a few runs can tell.
double rounded_up(double value) {
  if (value <= 0.0 || !std::isfinite(value)) return 0.0;
  const double unit = std::pow(10.0, std::floor(std::log10(value)) - 1.0);
  const double digits = std::ceil(value / unit - 1e-9);
  return unit < 1.0 ? digits / std::round(1.0 / unit) : digits * unit;
}

}  // namespace

Noise noise_of(const std::vector<double>& scores, const Improvement& asked) {
  Noise noise{.runs = scores.size()};
  const auto count = static_cast<double>(scores.size());
  for (const double score : scores) noise.mean += score / count;
  double squares = 0.0;
  for (const double score : scores) squares += (score - noise.mean) * (score - noise.mean);
  if (scores.size() > 1) noise.sd = std::sqrt(squares / (count - 1.0));
  // Equal scores have no noise, whatever the rounding of their mean says.
  const auto [low, high] = std::minmax_element(scores.begin(), scores.end());
  if (*low == *high) {
    noise.mean = *low;
    noise.sd = 0.0;
  }
  noise.asked = asked.relative ? asked.amount * std::fabs(noise.mean) : asked.amount;
  noise.suggested = rounded_up(kDeviations * noise.sd);
  return noise;
}

std::string explain(const Noise& noise) {
  if (noise.runs < 2) return "not measured: one run tells nothing; see --repeats";
  const std::string runs = counted(noise.runs, "run");
  if (noise.sd == 0.0) {
    return fmt::format("none: all {} gave the same score, so min_improvement = 0 counts every step",
                       runs);
  }
  std::string text = fmt::format(
      "sd {} over {} ({} % of the mean)", score_text(noise.sd), runs,
      rounded_text(noise.mean == 0.0 ? 100.0 : 100.0 * noise.sd / std::fabs(noise.mean)));
  if (noise.asked >= noise.suggested) {
    return text + fmt::format("; min_improvement = {} is above it", score_text(noise.asked));
  }
  return text + fmt::format(
                    "; what looks better runs again beside the best (with confidence = 0, "
                    "min_improvement = {} would make sense: 3 sd)",
                    score_text(noise.suggested));
}

}  // namespace swarmlab::cli
