// Whether a machine measures as others do, as chess-engine testing farms watch their workers: what
// it measured is compared with what others measured of the same experiment, and what is off adds up
// (fishtest's residual).
//
// In a pair the machine's speed cancels, so the gains of an experiment's pairs are alike on all
// machines, but for noise. A gain is off by its distance from the mean of those that others
// measured, in standard deviations of the lab's noise. The squares of n of these are about n
// together, chi-square with n degrees; each counts nine at most, so that a few outliers, which
// heavy tails bring, accuse nobody. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "coordinator/judge/noise.h"

namespace swarmlab::judge {

struct Residual {
  std::uint64_t comparisons = 0;
  double squares = 0.0;
  double sum = 0.0;
  bool operator==(const Residual&) const = default;
};

// What one worker measured of an experiment, against what all others did: standard deviations.
struct Deviation {
  WorkerName worker;
  double by = 0.0;
};

/// Of each worker that measured some of the pairs, if others did too and the noise is known well
/// enough.
/// \param noise  of before these pairs
[[nodiscard]] std::vector<Deviation> deviations_of(std::span<const Pair> pairs, Direction direction,
                                                   double reference_score, const Learned& learned);

void note_deviation(Residual& residual, double by);

/// About 1 of a worker that measures as others do; 0 before there is a comparison.
[[nodiscard]] double mean_square(const Residual& residual);

/// More than chance explains: of machines that are like all others one in a million is ever taken
/// for it.
[[nodiscard]] bool deviates(const Residual& residual);

}  // namespace swarmlab::judge
