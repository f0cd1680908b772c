#include "coordinator/ladder/overfit.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <vector>

namespace swarmlab::ladder {
namespace {

double median_of(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2.0;
}

}  // namespace

Gap gap_of(Direction direction, std::span<const OnHoldout> kept) {
  Gap gap{.measured = static_cast<std::uint32_t>(kept.size())};
  kept = kept.last(std::min(kept.size(), kLastKept));
  std::vector<double> gaps;
  for (const OnHoldout& one : kept) {
    gaps.push_back(direction == Direction::maximize ? one.score - one.holdout
                                                    : one.holdout - one.score);
  }
  if (gaps.empty()) return gap;
  gap.newest = gaps.back();
  if (gaps.size() < 2) return gap;
  std::vector<double> slopes;
  double rising = 0.0;  // pairs that rise, less those that fall
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    for (std::size_t j = i + 1; j < gaps.size(); ++j) {
      const double rise = gaps[j] - gaps[i];
      slopes.push_back(rise / static_cast<double>(j - i));
      rising += rise > 0.0 ? 1.0 : (rise < 0.0 ? -1.0 : 0.0);
    }
  }
  gap.slope = median_of(std::move(slopes));
  const auto n = static_cast<double>(gaps.size());
  const double deviation = std::sqrt(n * (n - 1.0) * (2.0 * n + 5.0) / 18.0);
  if (rising > 0.0) gap.confidence = cdf(boost::math::normal(), (rising - 1.0) / deviation);
  return gap;
}

std::string warning_of(const Gap& gap) {
  if (gap.measured < kFewestKept || gap.confidence < kSureThatItGrows) return {};
  return fmt::format(
      "over-fitting: the gap between score and holdout grows by {:.3g} with each kept candidate, "
      "{:.4g} % sure; it is {:.3g} now",
      gap.slope.value_or(0.0), 100.0 * gap.confidence, gap.newest.value_or(0.0));
}

}  // namespace swarmlab::ladder
