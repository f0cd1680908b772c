// A lab as policies see it: what is kept, who was visited, the islands; without a swarm.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/model/names.h"
#include "coordinator/policy/islands.h"
#include "coordinator/policy/policy.h"

namespace swarmlab::policy {

using Numbers = std::vector<std::uint64_t>;

class KeptLab {
 public:
  Search search;
  Direction direction = Direction::minimize;
  PolicyKind policy = PolicyKind::greedy;
  Frontier frontier;
  Islands islands;
  Candidates candidates;
  std::uint64_t best = 1;
  std::uint64_t next = 2;
  std::uint64_t decided = 0;

  explicit KeptLab(PolicyKind kind = PolicyKind::greedy, Search numbers = {})
      : search(numbers), policy(kind) {}

  // The first is the baseline. What is kept later has a higher number.
  void keep(std::uint64_t number, double score, std::uint64_t parent = 1,
            std::uint64_t visits = 0) {
    FrontierEntry entry;
    entry.number = ExperimentNumber(number);
    entry.score = score;
    entry.visits = visits;
    if (number != 1) entry.parent = ExperimentNumber(parent);
    frontier.emplace(entry.number, entry);
    if (number == 1) begin();
    if (number >= next) expect(number + 1);
    if (number != 1) candidates.learn(entry, islands);
    const auto cost = [this](std::uint64_t one) {
      return cost_of(direction, frontier.at(ExperimentNumber(one)).score);
    };
    if (cost(number) < cost(best)) best = number;
    renew(late_arrival(view(), entry));
  }

  // The experiment begins; what it starts from.
  Pick begin_next() {
    const Pick pick = pick_parent(policy, view());
    expect(next + 1);
    frontier.at(pick.parent).visits += 1;
    candidates.visit(pick.parent);
    return pick;
  }

  void decide_one() {
    ++decided;
    if (policy != PolicyKind::islands) return;
    renew(migration(view(), decided));
    renew(reset(view(), decided));
  }

  // The settings changed while it runs.
  void choose(PolicyKind kind, const Search& numbers) {
    policy = kind;
    search = numbers;
    if (kind == PolicyKind::islands && islands.size() != number_of_islands(search)) {
      islands = founded(search, ExperimentNumber(1));
    }
    candidates = remade();
  }

  void expect(std::uint64_t number) {
    next = number;
    candidates.expect(ExperimentNumber(next));
  }

  [[nodiscard]] View view() const {
    return {.frontier = frontier,
            .candidates = candidates,
            .islands = islands,
            .search = search,
            .best = ExperimentNumber(best),
            .baseline = ExperimentNumber(1),
            .next = ExperimentNumber(next),
            .direction = direction};
  }

  [[nodiscard]] Candidates remade() const {
    return candidates_of(frontier, islands, search, direction, ExperimentNumber(next));
  }
  [[nodiscard]] std::uint64_t parent() const { return pick_parent(policy, view()).parent.value(); }
  [[nodiscard]] std::string because() const { return pick_parent(policy, view()).because; }

  // Numbers in the order of the ranking, whose priorities must not rise.
  [[nodiscard]] Numbers order() const {
    Numbers numbers;
    std::optional<double> before;
    for (const Ranked& one : ranked(policy, view())) {
      EXPECT_GE(before.value_or(one.priority), one.priority);
      before = one.priority;
      numbers.push_back(one.entry.number.value());
    }
    return numbers;
  }

 private:
  void begin() {
    if (policy == PolicyKind::islands) islands = founded(search, ExperimentNumber(1));
    candidates = remade();
  }

  void renew(const std::optional<Renewed>& renewed) {
    if (!renewed) return;
    Island& island = islands.at(renewed->island);
    if (island.since != renewed->as.since) candidates.empty(renewed->island);
    island = renewed->as;
  }
};

}  // namespace swarmlab::policy
