// How well a scale predicts the next: Spearman's rank correlation of the candidates measured at
// both, with its interval. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace swarmlab::ladder {

// Of one candidate, at two neighbouring scales.
struct Scores {
  double smaller = 0.0;
  double larger = 0.0;
};

struct Correlation {
  std::uint32_t pairs = 0;
  std::optional<double> value{};  // none: fewer than two candidates, or all alike
  // Its interval, by Fisher's z with the standard error of Fieller, Hartley and Pearson
  // (Biometrika 1957), sqrt(1.06 / (n - 3)); none: fewer than four candidates.
  std::optional<double> low{};
  std::optional<double> high{};
};

inline constexpr double kConfidence = 0.95;       // of the interval
inline constexpr std::uint32_t kFewestPairs = 8;  // below there is no warning
inline constexpr double kWeak = 0.3;              // a correlation below predicts nothing useful

/// Ties get the mean of their ranks. \complexity n log n
[[nodiscard]] Correlation correlation_of(std::span<const Scores> scores);

/// What to warn people of: enough candidates are measured at both scales, and the correlation is
/// below kWeak. Empty: nothing.
[[nodiscard]] std::string warning_of(const Correlation& correlation, const std::string& smaller,
                                     const std::string& larger);

}  // namespace swarmlab::ladder
