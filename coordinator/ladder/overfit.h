// Whether the score runs away from the holdout: the gap between the two, over the kept candidates
// in the order of their coming. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "common/model/lab.h"

namespace swarmlab::ladder {

struct OnHoldout {
  double score = 0.0;
  double holdout = 0.0;
};

struct Gap {
  std::uint32_t measured = 0;
  std::optional<double> newest{};  // how much worse the holdout's score is than the score
  std::optional<double> slope{};   // per kept candidate: the median of all slopes (Theil and Sen)
  double confidence = 0.0;         // that the gap grows
};

inline constexpr std::size_t kLastKept = 20;   // that are looked at
inline constexpr std::size_t kFewestKept = 6;  // below there is no warning
inline constexpr double kSureThatItGrows = 0.95;

/// The slope is Theil and Sen's, its test Mann and Kendall's (one-sided, normal approximation with
/// continuity correction, Kendall 1975): neither minds one candidate that is far out.
/// \param kept  in the order of their coming; the last kLastKept count
[[nodiscard]] Gap gap_of(Direction direction, std::span<const OnHoldout> kept);

/// Empty: nothing to warn of.
[[nodiscard]] std::string warning_of(const Gap& gap);

}  // namespace swarmlab::ladder
