// The progress picture: every experiment a dot, the kept ones joined by the best-so-far line. A
// pure function from what happened to SVG; the same input always gives the same bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/model/experiment.h"
#include "common/model/lab.h"

namespace swarmlab::cli {

struct PicturePoint {
  std::uint64_t number = 0;
  std::uint64_t segment = 1;    // scores are only compared within one: the line begins anew
  std::optional<double> score;  // finite; none: a cross at the bottom edge
  Verdict verdict = Verdict::discard;
  std::string label;  // of kept ones; may be empty
};

// A score to compare with, such as the best one published: a line across the picture.
struct PictureMark {
  double score = 0.0;  // finite
  std::string name;    // may be empty
};

struct Picture {
  std::string title;
  std::string metric;  // the name of the score
  Direction direction = Direction::minimize;
  std::vector<PicturePoint> points;  // by number
  std::vector<PictureMark> marks;
};

/// A whole SVG document of 1200 x 640. No experiments give the axes and a line that says so.
[[nodiscard]] std::string draw_svg(const Picture& picture);

}  // namespace swarmlab::cli
