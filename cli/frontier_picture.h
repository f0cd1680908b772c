// The picture of several metrics: each candidate a dot, those that no other one dominates joined.
// One panel for each further metric, with the primary one upwards. A pure function to SVG; the same
// input always gives the same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/model/lab.h"

namespace swarmlab::cli {

struct FrontierPoint {
  std::uint64_t number = 0;
  std::vector<double> values;  // by metric; finite
  bool kept = false;
  bool on_frontier = false;
  std::string label;  // of those on the frontier; may be empty
};

struct FrontierPicture {
  struct Axis {
    std::string name;
    Direction direction = Direction::minimize;
  };
  std::string title;
  std::string subtitle;
  std::vector<Axis> metrics;  // two or more; the primary first
  std::vector<FrontierPoint> points;
};

[[nodiscard]] std::string draw_frontier_svg(const FrontierPicture& picture);

}  // namespace swarmlab::cli
