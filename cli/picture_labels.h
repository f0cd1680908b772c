// Where the labels of the progress picture stand, so that they hide neither each other nor what
// they name. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace swarmlab::cli {

struct Point {
  double x = 0.0;
  double y = 0.0;  // downwards, as in SVG
};

struct Box {
  double left = 0.0;
  double top = 0.0;
  double right = 0.0;
  double bottom = 0.0;
};

struct Anchor {
  Point at;            // of the dot that the label names
  double width = 0.0;  // of the label's text
};

struct Crowd {
  Box area;                   // no label leaves it
  std::vector<Point> strong;  // dots that no label may cover
  std::vector<Point> faint;   // dots that labels should not cover
  std::vector<Point> line;    // a line of axis-parallel parts that labels should not cross
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
