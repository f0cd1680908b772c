#include "coordinator/ladder/ranking.h"

#include <algorithm>
#include <cmath>

namespace swarmlab::ladder {

// A fraction such as 0.3 of 10 is 3, although the product gives a little less.
std::uint64_t Ranking::size_of_top() const {
  constexpr double kRounding = 1e-9;
  if (fraction_ == 0.0) return entrants();
  const double count = fraction_ * static_cast<double>(entrants()) + kRounding;
  return std::min(entrants(), static_cast<std::uint64_t>(count));
}

void Ranking::enter(ExperimentNumber number, double bound) {
  bounds_.emplace(number, bound);
  rest_.emplace(bound, number);
  rebalance();
}

void Ranking::take(ExperimentNumber number) {
  const auto known = bounds_.find(number);
  if (known == bounds_.end()) return;
  taken_.insert(number);
  free_.erase({known->second, number});
}

void Ranking::leave(ExperimentNumber number) {
  const auto known = bounds_.find(number);
  if (known == bounds_.end()) return;
  const Place place{known->second, number};
  top_.erase(place);
  rest_.erase(place);
  free_.erase(place);
  taken_.erase(number);
  bounds_.erase(known);
  rebalance();
}

// One came or went: at most a few move between the halves.
void Ranking::rebalance() {
  const auto demote = [&] {
    const Place last = *top_.rbegin();
    top_.erase(last);
    free_.erase(last);
    rest_.insert(last);
  };
  const auto lift = [&] {
    const Place first = *rest_.begin();
    rest_.erase(first);
    top_.insert(first);
    if (!taken_.contains(first.second)) free_.insert(first);
  };
  while (top_.size() > size_of_top()) demote();
  while (top_.size() < size_of_top()) lift();
  while (!top_.empty() && !rest_.empty() && Better{}(*rest_.begin(), *top_.rbegin())) {
    demote();
    lift();
  }
}

std::optional<ExperimentNumber> Ranking::next() const {
  return free_.empty() ? std::nullopt : std::optional(free_.begin()->second);
}

std::uint64_t floor_of(const Promotion& rule) {
  constexpr double kRounding = 1e-9;
  if (rule.floor != 0) return rule.floor;
  if (rule.fraction == 0.0) return 1;
  return static_cast<std::uint64_t>(std::ceil(1.0 / rule.fraction - kRounding));
}

}  // namespace swarmlab::ladder
