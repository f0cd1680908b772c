// The scales of the progress picture: which scores it shows, and where its ticks stand. Pure.
#pragma once

#include <string>
#include <vector>

#include "common/model/lab.h"

namespace swarmlab::cli {

struct Range {
  double low = 0.0;
  double high = 1.0;  // above `low`
  [[nodiscard]] double span() const { return high - low; }
};

// What is to be shown on the axis of scores.
struct Scores {
  std::vector<double> kept;
  std::vector<double> others;
  std::vector<double> marks;  // of lines across the picture
  Direction direction = Direction::minimize;
};

/// The scores worth showing: of `kept` all but a start that is so far behind that the rest would be
/// a flat line, of `others` what lies near them, and all marks. What is outside is drawn at the
/// edge: a candidate that is a thousand times worse must not squeeze all the others.
[[nodiscard]] Range range_of_scores(const Scores& scores);

struct Ticks {
  std::vector<double> at;
  int decimals = 0;         // that tell all ticks apart
  bool scientific = false;  // numbers too large or too small for plain digits
  [[nodiscard]] std::string label(double value) const;
};

/// About `count` ticks at 1, 2 or 5 times a power of ten, all within `range`.
[[nodiscard]] Ticks nice_ticks(const Range& range, int count);

/// The same at whole numbers.
[[nodiscard]] Ticks whole_ticks(const Range& range, int count);

}  // namespace swarmlab::cli
