// Where the labels of the progress picture stand, so that they hide neither each other nor what
// they name. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "cli/svg.h"

namespace swarmlab::cli {

struct Anchor {
  Point at;            // of the dot that the label names
  double width = 0.0;  // of the label's text
};

// Of a line that labels should not cross; parallel to an axis.
struct LinePart {
  Point from;
  Point to;
};

struct Crowd {
  Box area;                   // no label leaves it
  std::vector<Point> strong;  // dots that no label may cover
  std::vector<Point> faint;   // dots that labels should not cover
  std::vector<LinePart> lines;
  double text_height = 13.0;
};

struct PlacedLabel {
  Box box;
  bool leader = false;  // far enough from its dot to need a line to it
};

/// A place for each anchor, in their order; nothing where there is no room. Earlier ones choose
/// first, so callers put what matters most first.
[[nodiscard]] std::vector<std::optional<PlacedLabel>> place_labels(
    const std::vector<Anchor>& anchors, const Crowd& crowd);

}  // namespace swarmlab::cli
