// A candidate of a lab with several metrics, against what is kept: is it dominated?
//
// It is not dominated by a reference if it is better in one metric, whatever the others say. That
// is shown metric by metric: by the sequential test (sequential.h) where the metric is noisy, by
// the numbers as they are where it is not. The error that may be made is shared among the noisy
// metrics (Bonferroni), so that of candidates that are no better than the reference in any metric
// at most 1 - confidence pass. Where several kept candidates could dominate it, all must be passed:
// an intersection-union test (Berger, "Multiparameter hypothesis testing and acceptance sampling",
// Technometrics 1982), which needs no further correction. docs/judging.md has all of it. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/model/lab.h"
#include "coordinator/judge/noise.h"
#include "coordinator/judge/sequential.h"

namespace swarmlab::judge {

// With so many kept ones a candidate is compared in pairs, at most.
inline constexpr std::size_t kMostReferences = 4;

// One metric, as a candidate stands in it beside one that is kept.
struct Aspect {
  const Metric& metric;
  const Learned& learned;
  double own = 0.0;             // of the candidate, by what is known so far, at home
  double reference = 0.0;       // of the kept one
  bool comparable = true;       // `own` can be compared with values from home
  std::vector<double> gains{};  // of the pairs with it
};

struct Rules {
  double confidence = 0.95;  // of the lab
  std::uint32_t max_repeats = 5;
};

/// Whether runs of it may differ: else one decides.
[[nodiscard]] bool is_noisy(const Aspect& aspect, const Rules& rules);

// Without a pair.
struct Sight {
  bool passes = false;  // it is better in one metric by more than noise explains
  double advantage =
      0.0;  // in its best metric, in units of noise; zero or less: it looks no better
};
/// It is better in a metric that has no noise.
[[nodiscard]] bool is_better_for_sure(std::span<const Aspect> aspects, const Rules& rules);

[[nodiscard]] Sight at_first_sight(std::span<const Aspect> aspects, const Rules& rules);

// With pairs, as many of each metric.
struct Outlook {
  Look look = Look::open;           // better: it passes
  std::vector<Finding> findings{};  // of each metric
  std::size_t best = 0;             // metric that speaks most for it
};
[[nodiscard]] Outlook look_at(std::span<const Aspect> aspects, const Rules& rules);

}  // namespace swarmlab::judge
