// What is known of the noise of a lab's metric, and of the machines that it was measured on.
//
// Learned from repeated runs only: of the baseline, and of each candidate that was compared with
// its reference in pairs. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "common/model/experiment.h"
#include "common/model/lab.h"
#include "coordinator/judge/mad.h"

namespace swarmlab::judge {

// Of the difference of two runs on one worker: twice the variance of a run.
struct Noise {
  double squares = 0.0;       // of the differences from their means, summed
  std::uint64_t degrees = 0;  // of freedom; 0: nothing is known
  bool operator==(const Noise&) const = default;

  [[nodiscard]] bool is_known() const { return degrees > 0; }
  /// Every repeated run gave the same score: the metric is deterministic.
  [[nodiscard]] bool is_zero() const { return is_known() && squares == 0.0; }
  /// \pre  it is known
  [[nodiscard]] double variance() const { return squares / static_cast<double>(degrees); }
};

// How much higher the same candidate scores on machines of a class than at home.
struct HostLevel {
  double ratio = 1.0;      // mean
  std::uint64_t runs = 0;  // that it is the mean of
  bool operator==(const HostLevel&) const = default;
};

struct Learned {
  Noise noise;
  std::string home;                        // host class that the baseline was measured on
  std::map<std::string, HostLevel> hosts;  // of other classes
  Scores scores{};
  bool operator==(const Learned&) const = default;
};

// A run of the candidate and one of its reference, on the same worker at the same time.
struct Pair {
  const Measurement& candidate;
  const Measurement& reference;
};

/// The improvement of a pair, in the metric's unit as it is at home: where both scores are positive
/// and the host class is another, the difference is scaled by what the reference scores at home, so
/// that a machine of half the speed does not count twice.
[[nodiscard]] double gain_of(const Pair& pair, Direction direction, double reference_score,
                             const std::string& home);

/// What that score would be at home; the score itself on a class that nothing is known of.
[[nodiscard]] double at_home(double score, const std::string& host_class, const Learned& learned);

/// Whether a score of that host class can be compared with scores from home without a pair.
[[nodiscard]] bool is_comparable(const std::string& host_class, const Learned& learned);

/// Adds what the repeated runs of the baseline say. It was measured on `home` from now on.
void learn_from_baseline(Learned& learned, std::span<const Measurement> runs);

/// Adds what the pairs of a decided experiment say. Orders of magnitude stay right if the lab's
/// machines change: the newest runs of a host class weigh more.
void learn_from_pairs(Learned& learned, std::span<const Pair> pairs, Direction direction,
                      double reference_score);

}  // namespace swarmlab::judge
