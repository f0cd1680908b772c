// The confidence that pi-autoresearch shows, for those who know it from there: how far the best is
// from the baseline, in median absolute deviations of all scores. A note: nothing is decided by it.
//
// As pi-autoresearch reckons it: of the first runs' scores above zero, three or more; the deviation
// unscaled; nothing where it is zero, or where the best is the baseline. Of a long segment the
// newest scores count, so that it costs the same however long a lab runs. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace swarmlab::judge {

inline constexpr std::size_t kMostScores = 100;

// Of the first run of each experiment in a segment.
struct Scores {
  std::vector<double> newest;   // above zero, the oldest first; at most kMostScores
  std::optional<double> first;  // of the baseline
  bool operator==(const Scores&) const = default;
};

/// Adds the first run of an experiment; the first of all is the baseline's.
void note_score(Scores& scores, double score);

/// \param best  the best score so far
[[nodiscard]] std::optional<double> mad_confidence(const Scores& scores, double best);

}  // namespace swarmlab::judge
