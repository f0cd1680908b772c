#include "coordinator/judge/residual.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>

namespace swarmlab::judge {
namespace {

constexpr double kMostSquare = 9.0;
constexpr std::uint64_t kFewestComparisons = 10;
constexpr std::uint64_t kFewestDegrees = 10;  // of the noise: else all may seem to be off
constexpr double kByChance = 1e-8;  // at one look; a machine is looked at after each comparison
// Older comparisons count less, so that a machine that goes wrong later is found as soon.
constexpr std::uint64_t kLongestMemory = 200;

struct Share {
  double sum = 0.0;
  double pairs = 0.0;
};

}  // namespace

std::vector<Deviation> deviations_of(std::span<const Pair> pairs, Direction direction,
                                     double reference_score, const Learned& learned) {
  if (learned.noise.degrees < kFewestDegrees || learned.noise.is_zero()) return {};
  std::map<WorkerName, Share> shares;
  Share all;
  for (const Pair& pair : pairs) {
    const double gain = gain_of(pair, direction, reference_score, learned.home);
    for (Share* share : {&shares[pair.candidate.worker], &all}) {
      share->sum += gain;
      share->pairs += 1.0;
    }
  }
  if (shares.size() < 2) return {};
  std::vector<Deviation> deviations;
  for (const auto& [worker, own] : shares) {
    const double others = all.pairs - own.pairs;
    const double off = own.sum / own.pairs - (all.sum - own.sum) / others;
    const double variance = learned.noise.variance() * (1.0 / own.pairs + 1.0 / others);
    deviations.push_back({.worker = worker, .by = off / std::sqrt(variance)});
  }
  return deviations;
}

void note_deviation(Residual& residual, double by) {
  if (residual.comparisons == kLongestMemory) {
    residual.comparisons /= 2;
    residual.squares /= 2.0;
    residual.sum /= 2.0;
  }
  residual.comparisons += 1;
  residual.squares += std::min(by * by, kMostSquare);
  residual.sum += std::clamp(by, -std::sqrt(kMostSquare), std::sqrt(kMostSquare));
}

double mean_square(const Residual& residual) {
  if (residual.comparisons == 0) return 0.0;
  return residual.squares / static_cast<double>(residual.comparisons);
}

bool deviates(const Residual& residual) {
  if (residual.comparisons < kFewestComparisons) return false;
  const boost::math::chi_squared chance(static_cast<double>(residual.comparisons));
  return residual.squares > quantile(complement(chance, kByChance));
}

}  // namespace swarmlab::judge
