// The kept candidates as policies look for them: by score, by visits, by island. A pick must not
// walk through all that was ever kept.
//
// Derived: it follows from the frontier, the islands' facts, the settings and the number of the
// next experiment, in whatever order things were learned. So a state that is loaded makes it anew
// (candidates_of), and a change of policy finds what it needs.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "common/model/lab.h"
#include "coordinator/policy/frontier.h"

namespace swarmlab::policy {

/// Lower is better, whatever the direction.
[[nodiscard]] constexpr double cost_of(Direction direction, double score) {
  return direction == Direction::minimize ? score : -score;
}

class Candidates {
 public:
  using Order = std::set<std::pair<double, ExperimentNumber>>;  // the best first; then the older

  // Of each kept one, too old or not.
  struct Node {
    std::optional<ExperimentNumber> parent;
    double cost = 0.0;
    double worth = 0.0;  // lower is better: its cost, less half of what its best child gained (ucb)
    std::uint64_t visits = 0;
    bool operator==(const Node&) const = default;
  };

  Candidates() = default;
  Candidates(const Search& search, Direction direction);

  /// Logarithmic: what its ancestors are worth changes for some fifty generations at most, as half
  /// of a gain is lost with each.
  void learn(const FrontierEntry& entry, const Islands& islands);
  /// \pre  it was learned
  void visit(ExperimentNumber number);
  /// The next experiment has this number: some may be too old for it.
  void expect(ExperimentNumber next);
  /// An island began anew.
  void empty(std::size_t island);

  [[nodiscard]] std::size_t kept() const { return nodes_.size(); }
  [[nodiscard]] std::uint64_t visits() const { return visits_; }  // of all
  [[nodiscard]] const Node& node(ExperimentNumber number) const { return nodes_.at(number); }
  [[nodiscard]] bool has(ExperimentNumber number) const { return nodes_.contains(number); }
  /// More than max_parent_age experiments began after it.
  [[nodiscard]] bool is_too_old(ExperimentNumber number) const { return number < oldest_; }

  // Without those that are too old.
  [[nodiscard]] const Order& by_cost() const { return by_cost_; }
  [[nodiscard]] const std::map<std::uint64_t, Order>& by_visits() const { return by_visits_; }
  [[nodiscard]] const Order& on_island(std::size_t island) const { return on_island_.at(island); }
  [[nodiscard]] std::size_t islands() const { return on_island_.size(); }

  /// From 0, as bad as the worst that was kept, to 1, as good as the best.
  [[nodiscard]] double value(double worth) const;

  bool operator==(const Candidates&) const = default;

 private:
  void insert(ExperimentNumber number, const Node& node, const Islands& islands);
  void remove(ExperimentNumber number, const Node& node);
  void pass_gain_up(const Node& from);

  Search search_;
  Direction direction_ = Direction::minimize;
  ExperimentNumber oldest_;  // that may be picked
  std::map<ExperimentNumber, Node> nodes_;
  std::uint64_t visits_ = 0;
  double best_cost_ = 0.0;
  double worst_cost_ = 0.0;
  Order by_cost_;
  std::map<std::uint64_t, Order> by_visits_;  // of each number of visits: by worth
  std::vector<Order> on_island_;
};

/// Made from the facts alone.
[[nodiscard]] Candidates candidates_of(const Frontier& frontier, const Islands& islands,
                                       const Search& search, Direction direction,
                                       ExperimentNumber next);

}  // namespace swarmlab::policy
