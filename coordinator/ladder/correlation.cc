#include "coordinator/ladder/correlation.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>
#include <vector>

namespace swarmlab::ladder {
namespace {

std::vector<double> ranks_of(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t at = 0; at < order.size();) {
    std::size_t end = at;
    while (end < order.size() && values[order[end]] == values[order[at]]) ++end;
    const double mean = (static_cast<double>(at + end) + 1.0) / 2.0;
    for (; at < end; ++at) ranks[order[at]] = mean;
  }
  return ranks;
}

// Pearson's, of ranks.
std::optional<double> of_ranks(const std::vector<double>& a, const std::vector<double>& b) {
  const double mean = (static_cast<double>(a.size()) + 1.0) / 2.0;
  double ab = 0.0;
  double aa = 0.0;
  double bb = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean) * (b[i] - mean);
    aa += (a[i] - mean) * (a[i] - mean);
    bb += (b[i] - mean) * (b[i] - mean);
  }
  if (aa == 0.0 || bb == 0.0) return std::nullopt;
  return std::clamp(ab / std::sqrt(aa * bb), -1.0, 1.0);
}

}  // namespace

Correlation correlation_of(std::span<const Scores> scores) {
  Correlation found{.pairs = static_cast<std::uint32_t>(scores.size())};
  if (scores.size() < 2) return found;
  std::vector<double> smaller;
  std::vector<double> larger;
  for (const Scores& one : scores) {
    smaller.push_back(one.smaller);
    larger.push_back(one.larger);
  }
  found.value = of_ranks(ranks_of(smaller), ranks_of(larger));
  if (!found.value || scores.size() < 4) return found;
  constexpr double kNearlyOne = 1.0 - 1e-12;  // beyond, z is infinite
  const double z = std::atanh(std::clamp(*found.value, -kNearlyOne, kNearlyOne));
  const double error = std::sqrt(1.06 / static_cast<double>(scores.size() - 3));
  const boost::math::normal normal;
  const double reach = quantile(normal, 0.5 + kConfidence / 2.0) * error;
  found.low = std::tanh(z - reach);
  found.high = std::tanh(z + reach);
  return found;
}

std::string warning_of(const Correlation& correlation, const std::string& smaller,
                       const std::string& larger) {
  if (correlation.pairs < kFewestPairs || !correlation.value || *correlation.value >= kWeak) {
    return {};
  }
  return fmt::format(
      "{} does not predict {}: the rank correlation of {} candidates is {:.2f} ({:.2f} to {:.2f})",
      smaller, larger, correlation.pairs, *correlation.value, correlation.low.value_or(-1.0),
      correlation.high.value_or(1.0));
}

}  // namespace swarmlab::ladder
