#include "coordinator/policy/candidates.h"

#include <algorithm>

#include "common/result.h"
#include "coordinator/policy/islands.h"

namespace swarmlab::policy {

Candidates::Candidates(const Search& search, Direction direction)
    : search_(search), direction_(direction), on_island_(number_of_islands(search)) {}

void Candidates::learn(const FrontierEntry& entry, const Islands& islands) {
  const double cost = cost_of(direction_, entry.score);
  best_cost_ = nodes_.empty() ? cost : std::min(best_cost_, cost);
  worst_cost_ = nodes_.empty() ? cost : std::max(worst_cost_, cost);
  const Node node{.parent = entry.parent, .cost = cost, .worth = cost, .visits = entry.visits};
  const auto [place, is_new] = nodes_.emplace(entry.number, node);
  SWARMLAB_ASSERT(is_new);
  visits_ += entry.visits;
  if (!is_too_old(entry.number)) insert(entry.number, place->second, islands);
  pass_gain_up(place->second);
}

void Candidates::insert(ExperimentNumber number, const Node& node, const Islands& islands) {
  by_cost_.emplace(node.cost, number);
  by_visits_[node.visits].emplace(node.worth, number);
  const std::size_t island = island_of(search_, number);
  if (island < islands.size() && number > islands[island].since) {
    on_island_[island].emplace(node.cost, number);
  }
}

void Candidates::remove(ExperimentNumber number, const Node& node) {
  by_cost_.erase({node.cost, number});
  const auto group = by_visits_.find(node.visits);
  SWARMLAB_ASSERT(group != by_visits_.end());
  group->second.erase({node.worth, number});
  if (group->second.empty()) by_visits_.erase(group);
  on_island_[island_of(search_, number)].erase({node.cost, number});
}

// Ends where nothing changes any more: each value follows from those below it alone.
void Candidates::pass_gain_up(const Node& from) {
  double worth = from.worth;
  std::optional<ExperimentNumber> above = from.parent;
  while (above) {
    const auto place = nodes_.find(*above);
    if (place == nodes_.end()) return;
    Node& node = place->second;
    const double with_gain = node.cost / 2 + worth / 2;  // no overflow
    if (with_gain >= node.worth) return;
    if (!is_too_old(*above)) {
      Order& group = by_visits_.at(node.visits);
      group.erase({node.worth, *above});
      group.emplace(with_gain, *above);
    }
    node.worth = with_gain;
    worth = with_gain;
    above = node.parent;
  }
}

void Candidates::visit(ExperimentNumber number) {
  Node& node = nodes_.at(number);
  ++visits_;
  ++node.visits;
  if (is_too_old(number)) return;
  const auto before = by_visits_.find(node.visits - 1);
  SWARMLAB_ASSERT(before != by_visits_.end());
  before->second.erase({node.worth, number});
  if (before->second.empty()) by_visits_.erase(before);
  by_visits_[node.visits].emplace(node.worth, number);
}

void Candidates::expect(ExperimentNumber next) {
  if (search_.max_parent_age == 0 || next.value() <= search_.max_parent_age) return;
  const ExperimentNumber oldest(next.value() - search_.max_parent_age - 1);
  if (oldest <= oldest_) return;
  const auto end = nodes_.lower_bound(oldest);
  for (auto one = nodes_.lower_bound(oldest_); one != end; ++one) remove(one->first, one->second);
  oldest_ = oldest;
}

void Candidates::empty(std::size_t island) {
  on_island_.at(island).clear();
}

double Candidates::value(double worth) const {
  const double range = worst_cost_ / 2 - best_cost_ / 2;  // of halves: it cannot overflow
  return range > 0 ? (worst_cost_ / 2 - worth / 2) / range : 1.0;
}

Candidates candidates_of(const Frontier& frontier, const Islands& islands, const Search& search,
                         Direction direction, ExperimentNumber next) {
  Candidates candidates(search, direction);
  candidates.expect(next);
  for (const auto& [number, entry] : frontier) candidates.learn(entry, islands);
  return candidates;
}

}  // namespace swarmlab::policy
