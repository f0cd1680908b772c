// How often something took how long: counts in buckets, as Prometheus has them. A plain value of
// one thread; what is shown of it is a copy (page.h).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace swarmlab::metrics {

class Histogram {
 public:
  /// \pre  the bounds grow; what is above the last is counted too
  explicit Histogram(std::span<const double> bounds)
      : bounds_(bounds.begin(), bounds.end()), counts_(bounds.size() + 1) {}

  void add(double value) {
    const auto at = std::ranges::lower_bound(bounds_, value);
    counts_[static_cast<std::size_t>(at - bounds_.begin())] += 1;
    count_ += 1;
    sum_ += value;
  }
  template <class Rep, class Period>
  void add(std::chrono::duration<Rep, Period> took) {
    add(std::chrono::duration<double>(took).count());
  }

  [[nodiscard]] const std::vector<double>& bounds() const { return bounds_; }
  /// One for each bound, and one for what is above the last; not added up.
  [[nodiscard]] const std::vector<std::uint64_t>& counts() const { return counts_; }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] double sum() const { return sum_; }

 private:
  std::vector<double> bounds_;
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  double sum_ = 0.0;
};

// Of what a computer does, from a tenth of a millisecond on.
inline constexpr double kShortSeconds[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                           0.025,  0.05,    0.1,    0.25,  0.5,    1.0,   5.0};
// Of what waits for machines or people.
inline constexpr double kLongSeconds[] = {0.1, 1.0,   5.0,   15.0,   30.0,   60.0,
                                          120, 300.0, 900.0, 1800.0, 3600.0, 14400.0};
inline constexpr double kCounts[] = {1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000};

}  // namespace swarmlab::metrics
