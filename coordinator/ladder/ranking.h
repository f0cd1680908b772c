// Who of those that were measured at a scale may climb to the next: asynchronous successive halving
// (Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020). Nothing waits
// for a round to be complete: whenever somebody asks, the best 1/eta of those that are there may
// climb. Here they are ordered by the pessimistic end of their score's interval, so that luck alone
// does not lift anybody. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "common/model/lab.h"
#include "common/strong_id.h"

namespace swarmlab::ladder {

/// The pessimistic end of an interval; higher is better, whatever the direction.
[[nodiscard]] constexpr double pessimistic(Direction direction, double score, double doubt) {
  return direction == Direction::maximize ? score - doubt : -score - doubt;
}

// The candidates of one scale in order. Every call costs a few look-ups, however many there are.
class Ranking {
 public:
  /// \param fraction  the best of them that may climb; 0: all may, and who climbs is up to a margin
  explicit Ranking(double fraction = 0.0) : fraction_(fraction) {}

  /// A candidate was measured at the scale. \pre  it is not there yet
  void enter(ExperimentNumber number, double bound);
  /// It climbed, or may not. No effect on the places of others.
  void take(ExperimentNumber number);
  /// It is no candidate any more. The others move up.
  void leave(ExperimentNumber number);

  [[nodiscard]] std::uint64_t entrants() const { return bounds_.size(); }
  /// The best that may climb and was not taken.
  [[nodiscard]] std::optional<ExperimentNumber> next() const;
  /// \pre  it is there
  [[nodiscard]] double bound_of(ExperimentNumber number) const { return bounds_.at(number); }

  bool operator==(const Ranking&) const = default;

 private:
  using Place = std::pair<double, ExperimentNumber>;  // of equal ones the older is the better

  struct Better {
    bool operator()(const Place& a, const Place& b) const {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    }
  };
  using Order = std::set<Place, Better>;

  [[nodiscard]] std::uint64_t size_of_top() const;
  void rebalance();

  double fraction_ = 0.0;
  std::map<ExperimentNumber, double> bounds_;
  std::set<ExperimentNumber> taken_;
  Order top_;
  Order rest_;
  Order free_;  // of the top, those that were not taken
};

/// How many entrants it takes until one may climb.
[[nodiscard]] std::uint64_t floor_of(const Promotion& rule);

}  // namespace swarmlab::ladder
