// The scales of the progress picture: which scores it shows, and where its ticks stand. Pure.
#pragma once

#include <string>
#include <vector>

namespace swarmlab::cli {

struct Range {
  double low = 0.0;
  double high = 1.0;  // above `low`
  [[nodiscard]] double span() const { return high - low; }
};

/// The scores worth showing: all of `kept`, and of `others` what lies near them. A candidate that
/// is a thousand times worse must not squeeze all the others into a line; it is drawn at the edge.
[[nodiscard]] Range range_of_scores(const std::vector<double>& kept,
                                    const std::vector<double>& others);

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
