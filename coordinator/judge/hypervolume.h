// Pareto dominance and hypervolume, of points whose coordinates are costs: lower is better in each.
//
// The hypervolume of a set is the volume of all that some point of it dominates and that itself
// dominates the origin: how much of the box between the origin and the best that could be is won.
// It grows with every point that is not dominated, and with nothing else (Zitzler and Thiele,
// 1999). Computed exactly by slicing along one coordinate after the other (While, Hingston, Barone
// and Huband, "A faster algorithm for calculating hypervolume", 2006), the last two by a sweep over
// a staircase (Fonseca, Paquete and Lopez-Ibanez, 2006). Pure.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace swarmlab::judge {

using Point = std::vector<double>;

/// Whether `a` is no worse than `b` in any coordinate and better in one. \pre  of one size
[[nodiscard]] bool dominates(std::span<const double> a, std::span<const double> b);

/// Of points below the origin; coordinates of zero or more win nothing.
/// \pre  finite, all of one size, 1 or more
/// \complexity  n log n for two and three coordinates, times n for each further one
[[nodiscard]] double hypervolume(std::vector<Point> points);

/// What each point adds to the hypervolume of all: what would be lost without it. Of equal points
/// each adds nothing.
/// \complexity  n log n for two coordinates if none dominates another, else n times hypervolume()
[[nodiscard]] std::vector<double> contributions(const std::vector<Point>& points);

}  // namespace swarmlab::judge
