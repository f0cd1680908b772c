// Parents of a lab with several metrics: from those that no other candidate dominates.
#include <gtest/gtest.h>

#include <map>

#include "coordinator/policy/policy.h"
#include "tests/coordinator/policy/kept_lab.h"

namespace swarmlab::policy {
namespace {

// Kept: 1 to 4; on the frontier 2, 3 and 4, which add 0.6, 0.3 and 0.1 to the hypervolume.
class OnAFrontier : public testing::Test {
 protected:
  KeptLab lab;
  Front front;

  void SetUp() override {
    lab.keep(1, 10);
    for (const std::uint64_t number : {2U, 3U, 4U}) {
      lab.keep(number, 10.0 - static_cast<double>(number));
    }
    const std::map<std::uint64_t, double> adds = {{2, 0.6}, {3, 0.3}, {4, 0.1}};
    for (const auto& [number, contribution] : adds) {
      front.members[ExperimentNumber(number)].contribution = contribution;
    }
  }
  [[nodiscard]] View view() {
    View view = lab.view();
    view.front = &front;
    return view;
  }
  // How often each is the parent of so many experiments.
  std::map<std::uint64_t, int> turns(PolicyKind policy, int experiments) {
    std::map<std::uint64_t, int> count;
    for (int i = 0; i < experiments; ++i) {
      const ExperimentNumber parent = pick_parent(policy, view()).parent;
      count[parent.value()] += 1;
      lab.frontier.at(parent).visits += 1;
      lab.candidates.visit(parent);
    }
    return count;
  }
};

TEST_F(OnAFrontier, GreedyGivesTurnsInProportionToTheHypervolume) {
  EXPECT_EQ(turns(PolicyKind::greedy, 100),
            (std::map<std::uint64_t, int>{{2, 60}, {3, 30}, {4, 10}}));
}

TEST_F(OnAFrontier, BeamTakesTurnsAmongTheWidest) {
  lab.search.width = 2;
  EXPECT_EQ(turns(PolicyKind::beam, 10), (std::map<std::uint64_t, int>{{2, 5}, {3, 5}}));
}

TEST_F(OnAFrontier, UcbPrefersWhatAddsMoreAndTriesAll) {
  const auto count = turns(PolicyKind::ucb, 60);
  EXPECT_GT(count.at(2), count.at(3));
  EXPECT_GT(count.at(3), count.at(4));
  EXPECT_GT(count.at(4), 0);
}

TEST_F(OnAFrontier, BestOfNStaysWithTheBaseline) {
  EXPECT_EQ(turns(PolicyKind::best_of_n, 3), (std::map<std::uint64_t, int>{{1, 3}}));
}

TEST_F(OnAFrontier, ThePickIsTheFirstOfTheRanking) {
  for (const PolicyKind policy : kPolicies) {
    const auto all = ranked(policy, view());
    EXPECT_EQ(all.size(), 4U);
    EXPECT_EQ(all.front().entry.number, pick_parent(policy, view()).parent);
  }
}

}  // namespace
}  // namespace swarmlab::policy
