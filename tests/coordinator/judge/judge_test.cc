#include "coordinator/judge/judge.h"

#include <gtest/gtest.h>

#include <limits>

namespace swarmlab::judge {
namespace {

Judgement decided(Verdict verdict, std::string reason, double score) {
  return {.verdict = verdict, .reason = std::move(reason), .score = score};
}

// Of a deterministic metric: one run decides.
class Judging : public testing::Test {
 protected:
  Metric metric;
  std::vector<Constraint> constraints;
  Measurement measurement;
  Learned learned{.noise = {.squares = 0.0, .degrees = 1}, .home = {}, .hosts = {}};

  Judgement of(double score, double best) {
    measurement.score = score;
    return judge({.metric = metric,
                  .constraints = constraints,
                  .measurement = measurement,
                  .reference = {.number = ExperimentNumber(7), .score = best},
                  .learned = learned});
  }
};

TEST_F(Judging, KeepsALowerScoreWhenMinimizing) {
  EXPECT_EQ(of(2.401, 2.417), decided(Verdict::keep, "2.401 beats 2.417 of #7 by 0.016", 2.401));
}

TEST_F(Judging, KeepsAHigherScoreWhenMaximizing) {
  metric.direction = Direction::maximize;
  EXPECT_EQ(of(2.417, 2.401), decided(Verdict::keep, "2.417 beats 2.401 of #7 by 0.016", 2.417));
}

TEST_F(Judging, DiscardsAWorseScore) {
  EXPECT_EQ(of(2.5, 2.4), decided(Verdict::discard, "2.5 does not beat 2.4 of #7", 2.5));
}

TEST_F(Judging, DiscardsAnEqualScoreInBothDirections) {
  EXPECT_EQ(of(2.4, 2.4).verdict, Verdict::discard);
  metric.direction = Direction::maximize;
  EXPECT_EQ(of(2.4, 2.4).verdict, Verdict::discard);
}

TEST_F(Judging, DiscardsAnImprovementThatIsTooSmall) {
  metric.min_improvement.amount = 0.01;
  EXPECT_EQ(of(2.395, 2.4),
            decided(Verdict::discard, "2.395 beats 2.4 of #7 by 0.005 only, at least 0.01 counts",
                    2.395));
}

TEST_F(Judging, KeepsAnImprovementOfExactlyTheLeastDespiteRounding) {
  metric.min_improvement.amount = 0.1;
  ASSERT_LT(0.3 - 0.2, 0.1);  // as floating-point numbers have it
  EXPECT_EQ(of(0.2, 0.3).verdict, Verdict::keep);
}

TEST_F(Judging, MeasuresARelativeImprovementAgainstTheBest) {
  metric.min_improvement = {.amount = 0.01, .relative = true};
  EXPECT_EQ(of(198.0, 200.0).verdict, Verdict::keep);
  EXPECT_EQ(of(198.1, 200.0).verdict, Verdict::discard);
}

TEST_F(Judging, MeasuresARelativeImprovementOfNegativeScoresBySize) {
  metric.min_improvement = {.amount = 0.01, .relative = true};
  EXPECT_EQ(of(-202.0, -200.0).verdict, Verdict::keep);
  EXPECT_EQ(of(-201.9, -200.0).verdict, Verdict::discard);
}

TEST_F(Judging, AnyImprovementOverZeroIsRelativelyEnough) {
  metric.min_improvement = {.amount = 0.5, .relative = true};
  EXPECT_EQ(of(-1e-9, 0.0).verdict, Verdict::keep);
}

TEST_F(Judging, DiscardsWhatBreaksAnUpperBoundHoweverGoodTheScore) {
  constraints.push_back({.metric = "memory_gb", .min = {}, .max = 80.0});
  measurement.metrics.push_back({.name = "memory_gb", .value = 81.0});
  EXPECT_EQ(of(0.1, 2.4), decided(Verdict::discard, "constraint memory_gb is 81, at most 80", 0.1));
}

TEST_F(Judging, DiscardsWhatBreaksALowerBound) {
  constraints.push_back({.metric = "recall", .min = 0.9, .max = {}});
  measurement.metrics.push_back({.name = "recall", .value = 0.85});
  EXPECT_EQ(of(0.1, 2.4),
            decided(Verdict::discard, "constraint recall is 0.85, at least 0.9", 0.1));
}

TEST_F(Judging, ABoundItselfHolds) {
  constraints.push_back({.metric = "memory_gb", .min = 80.0, .max = 80.0});
  measurement.metrics.push_back({.name = "memory_gb", .value = 80.0});
  EXPECT_EQ(of(0.1, 2.4).verdict, Verdict::keep);
}

TEST_F(Judging, DiscardsWhatDidNotMeasureAConstraint) {
  constraints.push_back({.metric = "memory_gb", .min = {}, .max = 80.0});
  EXPECT_EQ(of(0.1, 2.4), decided(Verdict::discard, "constraint memory_gb was not measured", 0.1));
}

TEST_F(Judging, ScoresAtTheEdgeOfTheNumbersStillCompare) {
  const double huge = std::numeric_limits<double>::max();
  EXPECT_EQ(of(-huge, huge).verdict, Verdict::keep);
  EXPECT_EQ(of(huge, -huge).verdict, Verdict::discard);
}

}  // namespace
}  // namespace swarmlab::judge
