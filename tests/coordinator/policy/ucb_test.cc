#include <algorithm>
#include <limits>
#include <map>

#include "tests/coordinator/policy/kept_lab.h"

namespace swarmlab::policy {
namespace {

class Ucb : public testing::Test {
 protected:
  KeptLab lab{PolicyKind::ucb};
};

TEST_F(Ucb, BeginsWithTheBaseline) {
  lab.keep(1, 3.0);
  EXPECT_EQ(lab.because(), "ucb: #1, value 1.00 + exploration 1.00, 0 of 0 visits");
}

TEST_F(Ucb, TakesWhatIsNewAndGood) {
  lab.keep(1, 3.0, 1, 3);
  lab.keep(2, 2.0);
  EXPECT_EQ(lab.because(), "ucb: #2, value 1.00 + exploration 1.00, 0 of 3 visits");
}

TEST_F(Ucb, ComesBackToOthersWhenTheBestGivesNothing) {
  lab.keep(1, 3.0);
  lab.keep(2, 2.0);
  lab.keep(3, 2.1);
  std::map<std::uint64_t, int> picked;
  for (int i = 0; i < 200; ++i) picked[lab.begin_next().parent.value()] += 1;
  EXPECT_GT(picked[2], picked[3]);
  EXPECT_GT(picked[3], picked[1]);
  EXPECT_GT(picked[1], 0);
}

TEST_F(Ucb, SpreadsWorkersThatAskAtTheSameTime) {
  lab.keep(1, 3.0);
  for (std::uint64_t number = 2; number <= 9; ++number) lab.keep(number, 2.0);
  std::map<std::uint64_t, int> workers;
  for (int i = 0; i < 16; ++i) workers[lab.begin_next().parent.value()] += 1;
  EXPECT_EQ(workers.size(), 8U);  // all equally good ones
  for (const auto& [number, count] : workers) EXPECT_EQ(count, 2) << number;
}

TEST_F(Ucb, WithoutExplorationItTakesTheMostValuable) {
  lab.search.exploration = 0.0;
  lab.keep(1, 3.0);
  lab.keep(2, 2.0);
  lab.keep(3, 2.5);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(lab.begin_next().parent, ExperimentNumber(2));
}

TEST_F(Ucb, HalfOfWhatAChildGainedIsItsParentsWorth) {
  lab.keep(1, 8.0);
  lab.keep(2, 8.0, 1);
  lab.keep(3, 4.0, 2);
  lab.keep(4, 0.0, 3);
  const auto worth = [this](std::uint64_t one) {
    return lab.candidates.node(ExperimentNumber(one)).worth;
  };
  EXPECT_EQ(worth(4), 0.0);
  EXPECT_EQ(worth(3), 2.0);
  EXPECT_EQ(worth(2), 5.0);
  EXPECT_EQ(worth(1), 6.5);
}

TEST_F(Ucb, PrefersTheParentOfGoodOnesAmongEqualScores) {
  lab.keep(1, 8.0);
  lab.keep(2, 5.0, 1, 4);
  lab.keep(3, 5.0, 1, 4);
  lab.keep(4, 4.0, 3, 50);
  lab.candidates = lab.remade();
  Numbers order = lab.order();
  EXPECT_LT(std::ranges::find(order, 3U) - order.begin(),
            std::ranges::find(order, 2U) - order.begin());
}

TEST_F(Ucb, WorksTheSameWhenHigherIsBetter) {
  KeptLab up(PolicyKind::ucb);
  up.direction = Direction::maximize;
  for (std::uint64_t number = 1; number <= 30; ++number) {
    const double score = static_cast<double>(number * 7919 % 101);
    lab.keep(number, score, number / 2);
    up.keep(number, -score, number / 2);
  }
  for (int i = 0; i < 100; ++i) ASSERT_EQ(lab.begin_next().parent, up.begin_next().parent);
}

TEST_F(Ucb, AnyFiniteScoresWillDo) {
  constexpr double kMost = std::numeric_limits<double>::max();
  lab.keep(1, kMost);
  lab.keep(2, -kMost);
  lab.keep(3, 0.0);
  EXPECT_EQ(lab.because(), "ucb: #2, value 1.00 + exploration 0.33, 0 of 0 visits");
  EXPECT_EQ(lab.order(), (Numbers{2, 1, 3}));  // half of the gain is worth as much
}

TEST_F(Ucb, KeepsWhatBeatsItsParent) {
  lab.keep(1, 3.0);
  lab.keep(2, 2.0);
  const auto to_beat = [this](std::uint64_t parent) {
    return reference_beside_best(lab.policy, lab.view(), ExperimentNumber(9),
                                 ExperimentNumber(parent));
  };
  EXPECT_EQ(to_beat(1), ExperimentNumber(1));
  EXPECT_EQ(to_beat(2), std::nullopt);
}

}  // namespace
}  // namespace swarmlab::policy
