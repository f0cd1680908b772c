#include "cli/picture_labels.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace swarmlab::cli {

namespace {

constexpr double kDot = 7.0;      // a strong dot's radius, with some air
constexpr double kBeside = 11.0;  // from a dot's middle to the text beside it
constexpr double kFar = 22.0;     // beyond this a label needs a leader
// What a label costs where it stands; the cheapest place wins.
constexpr double kCoversFaint = 9.0;
constexpr double kCrossesLine = 60.0;
constexpr double kCrossesLeader = 40.0;
constexpr double kHasLeader = 6.0;

constexpr double kImpossible = std::numeric_limits<double>::infinity();

bool overlap(const Box& a, const Box& b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

bool covers(const Box& box, const Point& point, double air) {
  return point.x > box.left - air && point.x < box.right + air && point.y > box.top - air &&
         point.y < box.bottom + air;
}

Box part_of_line(const Point& from, const Point& to) {
  return Box{std::min(from.x, to.x) - 2, std::min(from.y, to.y) - 2, std::max(from.x, to.x) + 2,
             std::max(from.y, to.y) + 2};
}

// Where the leader from the dot meets the label.
Point near_corner(const Box& box, const Point& dot) {
  return Point{std::clamp(dot.x, box.left, box.right), dot.y < box.top ? box.top : box.bottom};
}

double distance(const Point& a, const Point& b) {
  return std::hypot(a.x - b.x, a.y - b.y);
}

class Placer {
 public:
  explicit Placer(const Crowd& crowd) : crowd_(crowd) {}

  std::optional<PlacedLabel> place(const Anchor& anchor) {
    double cheapest = kImpossible;
    PlacedLabel best;
    for (const PlacedLabel& candidate : candidates(anchor)) {
      if (const double cost = cost_of(candidate, anchor.at); cost < cheapest) {
        cheapest = cost;
        best = candidate;
      }
    }
    if (cheapest == kImpossible) return std::nullopt;
    taken_.push_back(best.box);
    if (best.leader) leaders_.push_back(part_of_line(anchor.at, near_corner(best.box, anchor.at)));
    return best;
  }

 private:
  [[nodiscard]] std::vector<PlacedLabel> candidates(const Anchor& anchor) const {
    std::vector<PlacedLabel> all;
    const double half = crowd_.text_height / 2;
    for (double away = 0; away <= 200; away += 7) {
      for (const double side : {-1.0, 1.0}) {
        const double middle = anchor.at.y + side * away;
        for (const double start :
             {kBeside, -anchor.width - kBeside, -anchor.width / 2, -14.0, 14.0 - anchor.width}) {
          const double left = anchor.at.x + start;
          const Box box{left, middle - half, left + anchor.width, middle + half};
          all.push_back(PlacedLabel{box, away > kFar});
        }
      }
    }
    return all;
  }

  [[nodiscard]] double cost_of(const PlacedLabel& label, const Point& dot) const {
    const Box& box = label.box;
    const Box& area = crowd_.area;
    if (box.left < area.left || box.right > area.right || box.top < area.top ||
        box.bottom > area.bottom) {
      return kImpossible;
    }
    const auto hits = [&box](const Box& other) { return overlap(box, other); };
    if (std::any_of(taken_.begin(), taken_.end(), hits)) return kImpossible;
    for (const Point& point : crowd_.strong) {
      if (covers(box, point, kDot)) return kImpossible;
    }
    double cost = distance(near_corner(box, dot), dot) * 0.5 + (label.leader ? kHasLeader : 0.0);
    for (const Point& point : crowd_.faint) cost += covers(box, point, 3.0) ? kCoversFaint : 0.0;
    for (const LinePart& part : crowd_.lines) {
      cost += hits(part_of_line(part.from, part.to)) ? kCrossesLine : 0.0;
    }
    for (const Box& leader : leaders_) cost += hits(leader) ? kCrossesLeader : 0.0;
    if (label.leader) {
      const Box own = part_of_line(dot, near_corner(box, dot));
      for (const Box& other : taken_) cost += overlap(own, other) ? kCrossesLeader : 0.0;
    }
    return cost;
  }

  const Crowd& crowd_;
  std::vector<Box> taken_;
  std::vector<Box> leaders_;
};

}  // namespace

std::vector<std::optional<PlacedLabel>> place_labels(const std::vector<Anchor>& anchors,
                                                     const Crowd& crowd) {
  Placer placer(crowd);
  std::vector<std::optional<PlacedLabel>> placed;
  placed.reserve(anchors.size());
  for (const Anchor& anchor : anchors) placed.push_back(placer.place(anchor));
  return placed;
}

}  // namespace swarmlab::cli
