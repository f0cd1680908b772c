#include "cli/picture_scale.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace swarmlab::cli {

namespace {

// The distance from the kept scores, in their own span, up to which others are shown.
constexpr double kReach = 0.6;
constexpr double kMargin = 0.06;
constexpr double kFarOff = 5.0;  // times the span of the rest
constexpr std::size_t kFew = 4;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double place = share * static_cast<double>(values.size() - 1);
  return values[static_cast<std::size_t>(std::llround(place))];
}

void widen(Range& range, double score) {
  range.low = std::min(range.low, score);
  range.high = std::max(range.high, score);
}

// The worst one or two of many are left out if all the others span but a fraction of the whole.
std::vector<double> without_far_start(std::vector<double> kept, Direction direction) {
  std::ranges::sort(kept);
  if (direction == Direction::minimize) std::ranges::reverse(kept);  // the worst first
  for (int left_out = 0; left_out < 2 && kept.size() > kFew; ++left_out) {
    const double all = std::fabs(kept.back() - kept[0]);
    const double rest = std::fabs(kept.back() - kept[1]);
    if (rest == 0.0 || all < kFarOff * rest) break;
    kept.erase(kept.begin());
  }
  return kept;
}

double nice_step(double span, int count) {
  const double rough = span / std::max(1, count);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  const double digit = rough / power;
  const double nice = digit < 1.5 ? 1.0 : digit < 3.5 ? 2.0 : digit < 7.5 ? 5.0 : 10.0;
  return nice * power;
}

Ticks ticks_by(const Range& range, double step) {
  Ticks ticks;
  const double largest = std::max(std::fabs(range.low), std::fabs(range.high));
  ticks.scientific = largest >= 1e7 || largest < 1e-4;
  ticks.decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 12);
  if (ticks.scientific) {
    ticks.decimals =
        std::clamp(static_cast<int>(std::ceil(std::log10(largest / step) - 1e-9)), 0, 12);
  }
  const double first = std::ceil(range.low / step - 1e-9);
  const double last = std::floor(range.high / step + 1e-9);
  for (double i = first; i <= last; i += 1.0) ticks.at.push_back(i * step);
  return ticks;
}

}  // namespace

Range range_of_scores(const Scores& scores) {
  const std::vector<double> kept = without_far_start(scores.kept, scores.direction);
  const std::vector<double>& sure = kept.empty() ? scores.others : kept;
  if (sure.empty() && scores.marks.empty()) return Range{};
  Range range{kInfinity, -kInfinity};
  for (const double score : sure) widen(range, score);
  for (const double mark : scores.marks) widen(range, mark);
  double reach = kReach * range.span();
  if (range.span() == 0.0 && !scores.others.empty()) {  // the middle of the others tells
    reach = 1.5 * std::max(std::fabs(quantile(scores.others, 0.75) - range.low),
                           std::fabs(quantile(scores.others, 0.25) - range.low));
  }
  const Range shown{range.low - reach, range.high + reach};
  for (const double score : scores.others) {
    if (score >= shown.low && score <= shown.high) widen(range, score);
  }
  double margin = kMargin * range.span();
  // Equal scores, or so large that a margin would vanish in rounding: any room around them will do.
  const double smallest = std::max(std::fabs(range.low), std::fabs(range.high)) * 1e-9;
  if (margin <= smallest) margin = range.low == 0.0 && range.high == 0.0 ? 1.0 : smallest * 5e7;
  return Range{range.low - margin, range.high + margin};
}

std::string Ticks::label(double value) const {
  if (scientific) return value == 0.0 ? "0" : fmt::format("{:.{}e}", value, decimals);
  if (std::fabs(value) < 0.5 * std::pow(10.0, -decimals)) value = 0.0;  // no "-0.0"
  return fmt::format("{:.{}f}", value, decimals);
}

Ticks nice_ticks(const Range& range, int count) {
  return ticks_by(range, nice_step(range.span(), count));
}

Ticks whole_ticks(const Range& range, int count) {
  Ticks ticks = ticks_by(range, std::max(1.0, nice_step(range.span(), count)));
  ticks.scientific = false;
  ticks.decimals = 0;
  return ticks;
}

}  // namespace swarmlab::cli
