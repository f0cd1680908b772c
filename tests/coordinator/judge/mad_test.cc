#include "coordinator/judge/mad.h"

#include <gtest/gtest.h>

namespace swarmlab::judge {
namespace {

Scores scores_of(std::initializer_list<double> all) {
  Scores scores;
  for (const double one : all) note_score(scores, one);
  return scores;
}

TEST(MadConfidence, IsTheBestOverTheBaselineInMedianAbsoluteDeviations) {
  // Around the median of 10 the deviations are 0, 2, 1, 2, 4: their median is 2.
  EXPECT_EQ(mad_confidence(scores_of({10.0, 12.0, 11.0, 8.0, 6.0}), 6.0), 2.0);
}

TEST(MadConfidence, OfAnEvenNumberTakesTheMiddleOfTheTwoInTheMiddle) {
  EXPECT_EQ(mad_confidence(scores_of({10.0, 8.0, 6.0, 4.0}), 4.0), 3.0);
}

TEST(MadConfidence, NeedsThreeScoresAboveZero) {
  EXPECT_EQ(mad_confidence(scores_of({10.0, 8.0}), 8.0), std::nullopt);
  EXPECT_EQ(mad_confidence(scores_of({10.0, 8.0, 0.0, -3.0}), 8.0), std::nullopt);
  EXPECT_NE(mad_confidence(scores_of({10.0, 8.0, 0.0, 3.0}), 3.0), std::nullopt);
}

TEST(MadConfidence, IsNothingWhereScoresDoNotDifferOrTheBaselineIsTheBest) {
  EXPECT_EQ(mad_confidence(scores_of({10.0, 10.0, 10.0, 4.0}), 4.0), std::nullopt);
  EXPECT_EQ(mad_confidence(scores_of({10.0, 11.0, 12.0}), 10.0), std::nullopt);
}

TEST(MadConfidence, LooksAtTheNewestScoresOfALongSegmentAndAtItsBaseline) {
  Scores scores;
  for (int i = 0; i < 1000; ++i) note_score(scores, 1.0 + i);
  EXPECT_EQ(scores.newest.size(), kMostScores);
  EXPECT_EQ(scores.newest.back(), 1000.0);
  EXPECT_EQ(mad_confidence(scores, 1000.0), 999.0 / 25.0);
}

}  // namespace
}  // namespace swarmlab::judge
