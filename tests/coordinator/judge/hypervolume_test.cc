// Dominance and hypervolume, against what can be counted by hand and by brute force.
#include "coordinator/judge/hypervolume.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

namespace swarmlab::judge {
namespace {

// On a grid of cells of size 1, so that cells can be counted.
std::vector<Point> any_points(std::size_t coordinates, int most, int side) {
  std::vector<Point> points(static_cast<std::size_t>(*rc::gen::inRange(0, most + 1)));
  for (Point& one : points) {
    for (std::size_t i = 0; i < coordinates; ++i) one.push_back(-*rc::gen::inRange(-1, side + 1));
  }
  return points;
}

// The cells of the box that some point dominates.
double counted(const std::vector<Point>& points, std::size_t coordinates, int side) {
  double count = 0;
  const auto cells = static_cast<int>(std::pow(side, coordinates));
  for (int cell = 0; cell < cells; ++cell) {
    Point corner;  // the upper one
    for (int rest = cell; corner.size() < coordinates; rest /= side)
      corner.push_back(-(rest % side));
    const auto covers = [&](const Point& one) {
      for (std::size_t i = 0; i < coordinates; ++i) {
        if (one[i] > corner[i] - 1) return false;
      }
      return true;
    };
    if (std::ranges::any_of(points, covers)) count += 1;
  }
  return count;
}

// Inclusion and exclusion: volumes of all intersections.
double by_intersections(const std::vector<Point>& points, std::size_t coordinates) {
  double sum = 0.0;
  for (unsigned chosen = 1; chosen < 1U << points.size(); ++chosen) {
    Point cut(coordinates, -1e300);
    int members = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if ((chosen >> i & 1U) == 0) continue;
      ++members;
      for (std::size_t k = 0; k < coordinates; ++k) cut[k] = std::max(cut[k], points[i][k]);
    }
    double volume = 1.0;
    for (const double one : cut) volume *= std::max(0.0, -one);
    sum += members % 2 == 1 ? volume : -volume;
  }
  return sum;
}

TEST(Dominance, TakesBeingNoWorseAnywhereAndBetterSomewhere) {
  EXPECT_TRUE(dominates(Point{1, 2}, Point{1, 3}));
  EXPECT_FALSE(dominates(Point{1, 3}, Point{1, 3})) << "an equal one is not dominated";
  EXPECT_FALSE(dominates(Point{0, 4}, Point{1, 3})) << "a trade is no dominance";
}

RC_GTEST_PROP(DominanceProperty, IsAStrictPartialOrder, ()) {
  const auto coordinates = static_cast<std::size_t>(*rc::gen::inRange(1, 4));
  std::vector<Point> all = any_points(coordinates, 6, 3);
  for (const Point& a : all) {
    RC_ASSERT(!dominates(a, a));
    for (const Point& b : all) {
      RC_ASSERT(!(dominates(a, b) && dominates(b, a)));
      for (const Point& c : all)
        RC_ASSERT(!(dominates(a, b) && dominates(b, c)) || dominates(a, c));
    }
  }
}

TEST(Hypervolume, IsTheAreaBelowTheOrigin) {
  EXPECT_EQ(hypervolume({}), 0.0);
  EXPECT_EQ(hypervolume({{-2, -3}}), 6.0);
  EXPECT_EQ(hypervolume({{-2, -3}, {-3, -1}}), 7.0);
  EXPECT_EQ(hypervolume({{-2, -3}, {-1, -1}}), 6.0) << "what is dominated adds nothing";
  EXPECT_EQ(hypervolume({{-2, 0}, {-2, 5}}), 0.0) << "nor what is out of the box";
  EXPECT_EQ(hypervolume({{-1, -2, -3}, {-3, -2, -1}}), 6.0 + 6.0 - 2.0);
}

RC_GTEST_PROP(HypervolumeProperty, IsWhatACountOfCellsGives, ()) {
  const auto coordinates = static_cast<std::size_t>(*rc::gen::inRange(1, 5));
  const int side = 5;
  const std::vector<Point> points = any_points(coordinates, 12, side);
  RC_ASSERT(hypervolume(points) == counted(points, coordinates, side));
}

RC_GTEST_PROP(HypervolumeProperty, IsWhatInclusionAndExclusionGive, ()) {
  const auto coordinates = static_cast<std::size_t>(*rc::gen::inRange(1, 5));
  std::vector<Point> points(static_cast<std::size_t>(*rc::gen::inRange(0, 8)));
  for (Point& one : points) {
    for (std::size_t i = 0; i < coordinates; ++i) {
      one.push_back(-*rc::gen::inRange(1, 100'000) / 1000.0);
    }
  }
  const double expected = by_intersections(points, coordinates);
  RC_ASSERT(std::abs(hypervolume(points) - expected) <= 1e-7 * (1.0 + expected));
}

RC_GTEST_PROP(HypervolumeProperty, GrowsWithNothingButWhatIsNotDominated, ()) {
  const auto coordinates = static_cast<std::size_t>(*rc::gen::inRange(2, 4));
  std::vector<Point> points = any_points(coordinates, 8, 4);
  Point added;
  for (std::size_t i = 0; i < coordinates; ++i) added.push_back(-*rc::gen::inRange(1, 5));
  const double before = hypervolume(points);
  const bool is_new = std::ranges::none_of(
      points, [&](const Point& one) { return one == added || dominates(one, added); });
  points.push_back(added);
  RC_ASSERT((hypervolume(points) > before) == is_new);
}

RC_GTEST_PROP(HypervolumeProperty, LosesTheContributionOfWhatIsTakenOut, ()) {
  const auto coordinates = static_cast<std::size_t>(*rc::gen::inRange(2, 5));
  const std::vector<Point> points = any_points(coordinates, 8, 5);
  const std::vector<double> adds = contributions(points);
  RC_ASSERT(adds.size() == points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::vector<Point> others = points;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    RC_ASSERT(hypervolume(points) - hypervolume(others) == adds[i]);
  }
}

}  // namespace
}  // namespace swarmlab::judge
