// Whether a scale predicts the next, and whether the score runs away from the holdout.
#include "coordinator/ladder/correlation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "coordinator/ladder/overfit.h"

namespace swarmlab::ladder {
namespace {

TEST(Correlation, OfTheSameOrderIsOneWhateverTheScores) {
  const std::vector<Scores> same{{1, 10}, {2, 100}, {3, 1000}, {4, 1e6}, {5, 1e9}};
  const Correlation found = correlation_of(same);
  EXPECT_DOUBLE_EQ(*found.value, 1.0);
  EXPECT_EQ(found.pairs, 5U);
}

// By hand: ranks 1..6 against 2 1 4 3 6 5, sum of squared differences 6, rho = 1 - 36/210.
TEST(Correlation, IsSpearmans) {
  const std::vector<Scores> near{{1, 2}, {2, 1}, {3, 4}, {4, 3}, {5, 6}, {6, 5}};
  const Correlation found = correlation_of(near);
  EXPECT_NEAR(*found.value, 1.0 - 36.0 / 210.0, 1e-12);
  // atanh(0.828571) = 1.183568, error sqrt(1.06/3) = 0.594418.
  EXPECT_NEAR(*found.low, std::tanh(1.183568 - 1.959964 * 0.594418), 1e-5);
  EXPECT_NEAR(*found.high, std::tanh(1.183568 + 1.959964 * 0.594418), 1e-5);
}

TEST(Correlation, GivesTiesTheMeanOfTheirRanks) {
  const std::vector<Scores> ties{{1, 1}, {1, 1}, {2, 2}, {3, 3}};
  EXPECT_DOUBLE_EQ(*correlation_of(ties).value, 1.0);
}

TEST(Correlation, IsNotKnownOfOneCandidateOrOfEqualOnes) {
  EXPECT_FALSE(correlation_of({}).value);
  const std::vector<Scores> one{{1, 2}};
  EXPECT_FALSE(correlation_of(one).value);
  const std::vector<Scores> equal{{1, 2}, {1, 3}, {1, 4}, {1, 5}};
  EXPECT_FALSE(correlation_of(equal).value);
  const std::vector<Scores> three{{1, 1}, {2, 2}, {3, 3}};
  EXPECT_FALSE(correlation_of(three).low) << "too few for an interval";
}

TEST(Correlation, WarnsOfASmallScaleThatSaysNothingOnceEnoughWereMeasured) {
  std::vector<Scores> against{{1, 7}, {2, 6}, {3, 5}, {4, 4}, {5, 3}, {6, 2}, {7, 1}};
  EXPECT_EQ(warning_of(correlation_of(against), "small", "large"), "") << "seven are too few";
  against.push_back({8, 0});
  EXPECT_NE(warning_of(correlation_of(against), "small", "large").find("does not predict large"),
            std::string::npos);
  for (Scores& one : against) one.larger = one.smaller;
  EXPECT_EQ(warning_of(correlation_of(against), "small", "large"), "");
}

TEST(Overfit, WarnsWhereTheGapGrowsWithEachKeptCandidate) {
  std::vector<OnHoldout> kept;
  for (int i = 0; i < 10; ++i) kept.push_back({.score = 1.0 * i, .holdout = 0.2 * i});
  const Gap gap = gap_of(Direction::maximize, kept);
  EXPECT_NEAR(*gap.slope, 0.8, 1e-9);
  EXPECT_NEAR(*gap.newest, 7.2, 1e-9);
  EXPECT_GT(gap.confidence, 0.99);
  EXPECT_NE(warning_of(gap).find("over-fitting"), std::string::npos);
}

TEST(Overfit, DoesNotWarnWhereTheHoldoutFollows) {
  std::vector<OnHoldout> kept;
  for (int i = 0; i < 10; ++i) {
    const double noise = i % 2 == 0 ? 0.1 : -0.1;
    kept.push_back({.score = 1.0 * i, .holdout = 1.0 * i - 3.0 + noise});
  }
  EXPECT_EQ(warning_of(gap_of(Direction::maximize, kept)), "");
}

TEST(Overfit, KnowsTheDirectionOfTheMetric) {
  std::vector<OnHoldout> kept;
  for (int i = 0; i < 8; ++i) kept.push_back({.score = 10.0 - i, .holdout = 10.0});
  EXPECT_GT(*gap_of(Direction::minimize, kept).slope, 0.0);
  EXPECT_LT(*gap_of(Direction::maximize, kept).slope, 0.0);
  EXPECT_EQ(warning_of(gap_of(Direction::maximize, kept)), "");
}

TEST(Overfit, SaysNothingOfFew) {
  EXPECT_FALSE(gap_of(Direction::maximize, {}).newest);
  const std::vector<OnHoldout> few{{1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}};
  EXPECT_EQ(warning_of(gap_of(Direction::maximize, few)), "");
}

}  // namespace
}  // namespace swarmlab::ladder
