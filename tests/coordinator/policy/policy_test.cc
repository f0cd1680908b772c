#include "tests/coordinator/policy/kept_lab.h"

namespace swarmlab::policy {
namespace {

class Policies : public testing::Test {
 protected:
  KeptLab lab;

  void add(std::uint64_t number, double score, std::uint64_t visits = 0) {
    lab.keep(number, score, 1, visits);
  }
  std::uint64_t parent(PolicyKind policy) {
    lab.policy = policy;
    return lab.parent();
  }
  Numbers order(PolicyKind policy) {
    lab.policy = policy;
    return lab.order();
  }
};

TEST_F(Policies, GreedyTakesTheBest) {
  add(1, 3.0);
  add(12, 2.417);
  add(20, 2.9);
  EXPECT_EQ(pick_parent(PolicyKind::greedy, lab.view()),
            (Pick{ExperimentNumber(12), "best so far: #12, 2.417 (greedy)"}));
}

TEST_F(Policies, GreedyDoesNotLeaveTheBestBecauseItWasVisited) {
  add(1, 3.0, 0);
  add(2, 2.0, 1000);
  EXPECT_EQ(parent(PolicyKind::greedy), 2U);
}

TEST_F(Policies, GreedyRanksHigherScoresFirstWhenMaximizing) {
  lab.direction = Direction::maximize;
  add(1, 3.0);
  add(12, 2.417);
  add(13, 2.9);
  EXPECT_EQ(order(PolicyKind::greedy), (Numbers{1, 13, 12}));
}

TEST_F(Policies, GreedyRanksLowerScoresFirstWhenMinimizing) {
  add(1, 3.0);
  add(12, 2.417);
  add(13, 2.9);
  EXPECT_EQ(order(PolicyKind::greedy), (Numbers{12, 13, 1}));
}

TEST_F(Policies, BestOfNAlwaysTakesTheBaseline) {
  add(1, 3.0, 100);
  add(2, 2.0);
  EXPECT_EQ(pick_parent(PolicyKind::best_of_n, lab.view()),
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
  add(3, 1.0);
  EXPECT_EQ(order(PolicyKind::best_of_n), (Numbers{1, 2, 3}));
}

TEST_F(Policies, TheFirstOfARankingIsWhatIsPicked) {
  add(1, 3.0, 2);
  add(2, 2.5, 1);
  add(9, 2.25, 3);
  for (const PolicyKind policy : kPolicies) {
    EXPECT_EQ(order(policy).front(), parent(policy));
  }
}

}  // namespace
}  // namespace swarmlab::policy
