#include "coordinator/judge/hypervolume.h"

#include <algorithm>
#include <map>
#include <optional>

#include "common/result.h"

namespace swarmlab::judge {
namespace {

// The area below the origin that points of two coordinates dominate, as they come.
class Staircase {
 public:
  void add(double x, double y) {
    // The step at or left of it: if that is as low, nothing is won.
    auto right = steps_.upper_bound(x);
    double above = 0.0;  // how high the area reaches just right of x
    if (right != steps_.begin()) {
      const auto left = std::prev(right);
      if (left->second <= y) return;
      above = left->second;
      if (left->first == x) right = steps_.erase(left);
    }
    // What it covers: from x on, until a step is lower than y.
    double from = x;
    while (right != steps_.end() && right->second >= y) {
      area_ += (right->first - from) * (above - y);
      from = right->first;
      above = right->second;
      right = steps_.erase(right);
    }
    const double until = right == steps_.end() ? 0.0 : right->first;
    area_ += (until - from) * (above - y);
    steps_.emplace(x, y);
  }
  [[nodiscard]] double area() const { return area_; }

 private:
  std::map<double, double> steps_;  // by x; y falls as x grows
  double area_ = 0.0;
};

// Points in the order of their last coordinate: between two of them the slice is the hypervolume,
// in one coordinate less, of all points so far.
double volume(std::span<Point> points, std::size_t coordinates) {
  if (coordinates == 1) {
    double lowest = 0.0;
    for (const Point& one : points) lowest = std::min(lowest, one[0]);
    return -lowest;
  }
  const std::size_t last = coordinates - 1;
  std::ranges::sort(points, [last](const Point& a, const Point& b) {
    return a[last] != b[last] ? a[last] < b[last] : a < b;
  });
  if (coordinates == 2) {
    Staircase stairs;
    for (const Point& one : points) stairs.add(one[0], one[1]);
    return stairs.area();
  }
  double sum = 0.0;
  Staircase stairs;
  for (std::size_t count = 1; count <= points.size(); ++count) {
    const Point& one = points[count - 1];
    const double until = count == points.size() ? 0.0 : points[count][last];
    double slice = 0.0;
    if (coordinates == 3) {
      stairs.add(one[0], one[1]);
      slice = stairs.area();
    } else if (until > one[last]) {
      std::vector<Point> below(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(count));
      slice = volume(below, last);
    }
    sum += (until - one[last]) * slice;
  }
  return sum;
}

// Of two coordinates, where none dominates another: what a step of the stairs covers up to the next
// one, and down from the one before. Nothing, if one does.
std::optional<std::vector<double>> contributions_of_stairs(const std::vector<Point>& points) {
  std::vector<std::size_t> steps;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i][0] < 0.0 && points[i][1] < 0.0) steps.push_back(i);
  }
  std::ranges::sort(steps, [&](std::size_t a, std::size_t b) { return points[a] < points[b]; });
  std::vector<double> all(points.size(), 0.0);
  double above = 0.0;
  for (std::size_t place = 0; place < steps.size(); ++place) {
    const Point& step = points[steps[place]];
    const double until = place + 1 < steps.size() ? points[steps[place + 1]][0] : 0.0;
    if (step[1] >= above || until == step[0]) return std::nullopt;
    all[steps[place]] = (until - step[0]) * (above - step[1]);
    above = step[1];
  }
  return all;
}

}  // namespace

bool dominates(std::span<const double> a, std::span<const double> b) {
  SWARMLAB_ASSERT(a.size() == b.size());
  bool is_better = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    is_better = is_better || a[i] < b[i];
  }
  return is_better;
}

double hypervolume(std::vector<Point> points) {
  std::erase_if(points, [](const Point& point) {
    return std::ranges::any_of(point, [](double one) { return one >= 0.0; });
  });
  return points.empty() ? 0.0 : volume(points, points.front().size());
}

// Only what a point shares with others lessens what it adds: the others, cut to its own box.
std::vector<double> contributions(const std::vector<Point>& points) {
  if (!points.empty() && points.front().size() == 2) {
    if (auto steps = contributions_of_stairs(points)) return *std::move(steps);
  }
  std::vector<double> all;
  all.reserve(points.size());
  for (std::size_t own = 0; own < points.size(); ++own) {
    std::vector<Point> shared;
    shared.reserve(points.size());
    for (std::size_t other = 0; other < points.size(); ++other) {
      if (other == own) continue;
      Point cut = points[other];
      for (std::size_t i = 0; i < cut.size(); ++i) cut[i] = std::max(cut[i], points[own][i]);
      shared.push_back(std::move(cut));
    }
    const double alone = hypervolume({points[own]});
    all.push_back(std::max(0.0, alone - hypervolume(std::move(shared))));
  }
  return all;
}

}  // namespace swarmlab::judge
