#include "coordinator/judge/judge.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

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

TEST_F(Judging, CallsInvalidWhatDidNotMeasureAConstraint) {
  constraints.push_back({.metric = "memory_gb", .min = {}, .max = 80.0});
  EXPECT_EQ(of(0.1, 2.4),
            decided(Verdict::invalid,
                    "constraint: metric memory_gb was not measured: the evaluator gave the "
                    "score alone",
                    0.1));
}

TEST_F(Judging, ScoresAtTheEdgeOfTheNumbersStillCompare) {
  const double huge = std::numeric_limits<double>::max();
  EXPECT_EQ(of(-huge, huge).verdict, Verdict::keep);
  EXPECT_EQ(of(huge, -huge).verdict, Verdict::discard);
}

// Of a noisy metric that is maximized, against a reference that was taken for 100.
class JudgingPairs : public testing::Test {
 protected:
  Learned learned{.noise = {.squares = 20.0, .degrees = 20}, .home = "home", .hosts = {}};

  static Measurement run(double score, const std::string& host_class) {
    Measurement measurement;
    measurement.score = score;
    measurement.identity.host_class = host_class;
    return measurement;
  }

  // Four pairs, all alike.
  [[nodiscard]] Judgement of(double candidate, double reference,
                             const std::string& host_class) const {
    Metric metric;
    metric.direction = Direction::maximize;
    const Measurement one = run(candidate, host_class);
    const Measurement other = run(reference, host_class);
    const std::vector<Pair> pairs(4, Pair{.candidate = one, .reference = other});
    return judge({.metric = metric,
                  .constraints = {},
                  .measurement = one,
                  .reference = {.number = ExperimentNumber(7), .score = 100.0},
                  .learned = learned,
                  .pairs = pairs});
  }
};

TEST_F(JudgingPairs, WhatIsKeptScoresWhatItsOwnRunsDoAndNotWhatItsReferenceWasTakenFor) {
  const Judgement judgement = of(90.0, 80.0, "home");
  EXPECT_EQ(judgement.verdict, Verdict::keep);
  EXPECT_NEAR(judgement.score, 90.0, 0.1);
  EXPECT_LT(judgement.score, 90.0) << "chance may have raised its runs";
}

TEST_F(JudgingPairs, OnMachinesThatAreKnownItScoresWhatItsRunsWouldAtHome) {
  learned.hosts["half"] = {.ratio = 0.5, .runs = 3};
  const Judgement judgement = of(55.0, 50.0, "half");
  EXPECT_EQ(judgement.verdict, Verdict::keep);
  EXPECT_NEAR(judgement.score, 110.0, 0.1);
}

TEST_F(JudgingPairs, OnMachinesThatAreNotKnownItScoresItsGainOverTheReference) {
  const Judgement judgement = of(55.0, 50.0, "half");
  EXPECT_EQ(judgement.verdict, Verdict::keep);
  EXPECT_NEAR(judgement.score, 110.0, 0.1);
}

}  // namespace
}  // namespace swarmlab::judge
