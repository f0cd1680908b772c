#include "coordinator/policy/policy.h"

#include <gtest/gtest.h>

namespace swarmlab::policy {
namespace {

class Policies : public testing::Test {
 protected:
  Frontier frontier;
  Direction direction = Direction::minimize;
  std::uint64_t best = 1;

  void add(std::uint64_t number, double score, std::uint64_t visits = 0) {
    FrontierEntry entry;
    entry.number = ExperimentNumber(number);
    entry.score = score;
    entry.visits = visits;
    frontier.emplace(entry.number, entry);
  }
  [[nodiscard]] View view() const {
    return {.frontier = frontier,
            .best = ExperimentNumber(best),
            .baseline = ExperimentNumber(1),
            .direction = direction};
  }
  [[nodiscard]] std::uint64_t parent(PolicyKind policy) const {
    return pick_parent(policy, view()).parent.value();
  }
  // Numbers in the order of the ranking, whose priorities must not rise.
  [[nodiscard]] std::vector<std::uint64_t> order(PolicyKind policy) const {
    std::vector<std::uint64_t> numbers;
    std::optional<double> before;
    for (const Ranked& one : ranked(policy, view())) {
      EXPECT_GE(before.value_or(one.priority), one.priority);
      before = one.priority;
      numbers.push_back(one.entry.number.value());
    }
    return numbers;
  }
};

using Numbers = std::vector<std::uint64_t>;

TEST_F(Policies, GreedyTakesTheBest) {
  add(1, 3.0);
  add(12, 2.417);
  add(20, 2.9);
  best = 12;
  EXPECT_EQ(pick_parent(PolicyKind::greedy, view()),
            (Pick{ExperimentNumber(12), "best so far: #12, 2.417 (greedy)"}));
}

TEST_F(Policies, GreedyDoesNotLeaveTheBestBecauseItWasVisited) {
  add(1, 3.0, 0);
  add(2, 2.0, 1000);
  best = 2;
  EXPECT_EQ(parent(PolicyKind::greedy), 2U);
}

TEST_F(Policies, GreedyRanksHigherScoresFirstWhenMaximizing) {
  direction = Direction::maximize;
  add(1, 3.0);
  add(12, 2.417);
  add(13, 2.9);
  EXPECT_EQ(order(PolicyKind::greedy), (Numbers{1, 13, 12}));
}

TEST_F(Policies, GreedyRanksLowerScoresFirstWhenMinimizing) {
  add(1, 3.0);
  add(12, 2.417);
  add(13, 2.9);
  best = 12;
  EXPECT_EQ(order(PolicyKind::greedy), (Numbers{12, 13, 1}));
}

TEST_F(Policies, BestOfNAlwaysTakesTheBaseline) {
  add(1, 3.0, 100);
  add(2, 2.0);
  EXPECT_EQ(pick_parent(PolicyKind::best_of_n, view()),
            (Pick{ExperimentNumber(1), "always the baseline: #1, 3 (best-of-n)"}));
}

TEST_F(Policies, GreedyRanksEqualScoresByVisitsThenAge) {
  add(1, 1.0);
  add(2, 2.0, 4);
  add(3, 2.0, 1);
  add(4, 2.0, 1);
  EXPECT_EQ(order(PolicyKind::greedy), (Numbers{1, 3, 4, 2}));
}

TEST_F(Policies, BestOfNRanksTheBaselineFirst) {
  add(1, 3.0);
  add(2, 2.0);
  frontier.emplace(ExperimentNumber(0), FrontierEntry{});
  EXPECT_EQ(order(PolicyKind::best_of_n), (Numbers{1, 0, 2}));
}

TEST_F(Policies, TheFirstOfARankingIsWhatIsPicked) {
  add(1, 3.0, 2);
  add(2, 2.5, 1);
  add(9, 2.25, 3);
  best = 9;
  for (const PolicyKind policy : {PolicyKind::greedy, PolicyKind::best_of_n}) {
    EXPECT_EQ(order(policy).front(), parent(policy));
  }
}

}  // namespace
}  // namespace swarmlab::policy
