#include "coordinator/judge/mad.h"

#include <algorithm>
#include <cmath>

namespace swarmlab::judge {
namespace {

// \pre  not empty
double median_of(std::vector<double>& values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  if (values.size() % 2 == 1) return values[middle];
  return values[middle - 1] / 2.0 + values[middle] / 2.0;
}

}  // namespace

void note_score(Scores& scores, double score) {
  if (!scores.first) scores.first = score;
  if (!(score > 0.0)) return;
  if (scores.newest.size() == kMostScores) scores.newest.erase(scores.newest.begin());
  scores.newest.push_back(score);
}

std::optional<double> mad_confidence(const Scores& scores, double best) {
  constexpr std::size_t kFewest = 3;
  if (scores.newest.size() < kFewest || !scores.first || best == *scores.first) {
    return std::nullopt;
  }
  std::vector<double> values = scores.newest;
  const double middle = median_of(values);
  for (double& value : values) value = std::abs(value - middle);
  const double deviation = median_of(values);
  const double confidence = std::abs(best - *scores.first) / deviation;
  if (deviation == 0.0 || !std::isfinite(confidence)) return std::nullopt;
  return confidence;
}

}  // namespace swarmlab::judge
