#include "coordinator/judge/noise.h"

#include <algorithm>
#include <vector>

namespace swarmlab::judge {
namespace {

// Runs after which a host's level moves as a moving average, so that it follows the machines.
constexpr std::uint64_t kLongestMemory = 50;

void add(Noise& noise, std::span<const double> values, double weight) {
  if (values.size() < 2) return;
  double mean = 0.0;
  for (const double value : values) mean += value;
  mean /= static_cast<double>(values.size());
  const bool all_equal = std::ranges::all_of(values, [&](double v) { return v == values[0]; });
  if (!all_equal) {  // the rounding of the mean is no noise
    for (const double value : values) noise.squares += weight * (value - mean) * (value - mean);
  }
  noise.degrees += values.size() - 1;
}

void add(HostLevel& level, double ratio) {
  level.runs += 1;
  const auto weight = static_cast<double>(std::min(level.runs, kLongestMemory));
  level.ratio += (ratio - level.ratio) / weight;
}

// Larger gains are taken for this one: their squares must still be numbers.
constexpr double kMostGain = 1e150;

// Ratios of other scores mean nothing: a loss below zero, a difference.
bool has_ratio(double score, double other) {
  return score > 0.0 && other > 0.0;
}

}  // namespace

double gain_of(const Pair& pair, Direction direction, double reference_score,
               const std::string& home) {
  const double candidate = pair.candidate.score;
  const double reference = pair.reference.score;
  double gain = direction == Direction::maximize ? candidate - reference : reference - candidate;
  const bool is_away = pair.reference.identity.host_class != home;
  if (is_away && has_ratio(reference, reference_score)) gain *= reference_score / reference;
  return std::clamp(gain, -kMostGain, kMostGain);
}

double at_home(double score, const std::string& host_class, const Learned& learned) {
  const auto known = learned.hosts.find(host_class);
  return known == learned.hosts.end() || score <= 0.0 ? score : score / known->second.ratio;
}

bool is_comparable(const std::string& host_class, const Learned& learned) {
  return learned.home == host_class || learned.hosts.contains(host_class);
}

void learn_from_baseline(Learned& learned, std::span<const Measurement> runs) {
  if (runs.empty()) return;
  learned.home = runs.front().identity.host_class;
  std::vector<double> scores;
  scores.reserve(runs.size());
  for (const Measurement& run : runs) scores.push_back(run.score);
  add(learned.noise, scores, 2.0);  // a difference of two runs varies twice as much as one
}

void learn_from_pairs(Learned& learned, std::span<const Pair> pairs, Direction direction,
                      double reference_score) {
  std::vector<double> gains;
  gains.reserve(pairs.size());
  for (const Pair& pair : pairs) {
    gains.push_back(gain_of(pair, direction, reference_score, learned.home));
    const std::string& host_class = pair.reference.identity.host_class;
    const double reference = pair.reference.score;
    if (host_class != learned.home && has_ratio(reference, reference_score)) {
      add(learned.hosts[host_class], reference / reference_score);
    }
  }
  add(learned.noise, gains, 1.0);
}

}  // namespace swarmlab::judge
