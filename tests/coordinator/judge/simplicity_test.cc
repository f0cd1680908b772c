// What is smaller is kept if it is no worse: how much worse it may be, and how often that errs.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "coordinator/judge/judge.h"

namespace swarmlab::judge {
namespace {

// A smaller candidate beside #1, which scores 10; higher is better.
class Simplicity : public testing::Test {
 protected:
  Metric metric{.direction = Direction::maximize, .min_improvement = {}};
  std::vector<Constraint> constraints;
  Learned learned;
  std::optional<double> allowed_loss;

  Judgement judged(double first, const std::vector<double>& gains = {}) {
    Measurement measurement;
    measurement.score = first;
    std::vector<Measurement> candidates(gains.size());
    std::vector<Measurement> references(gains.size());
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < gains.size(); ++i) {
      references[i].score = 10.0;
      candidates[i].score = 10.0 + gains[i];
      pairs.push_back({.candidate = candidates[i], .reference = references[i]});
    }
    return judge({.metric = metric,
                  .constraints = constraints,
                  .measurement = measurement,
                  .reference = {.number = ExperimentNumber(1), .score = 10.0},
                  .learned = learned,
                  .pairs = pairs,
                  .allowed_loss = allowed_loss});
  }

  struct Tally {
    double kept = 0.0;   // of all
    double pairs = 0.0;  // of each
  };

  // Of candidates that lose that much, where a run has a standard deviation of 1.
  Tally tally(double loss, unsigned seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> noise;
    Tally all;
    constexpr int kCandidates = 2000;
    for (int i = 0; i < kCandidates; ++i) {
      const double first = 10.0 - loss + noise(random);
      std::vector<double> gains;
      Judgement judgement = judged(first);
      while (!judgement.verdict) {
        const double candidate = noise(random) - loss;
        gains.push_back(candidate - noise(random));
        judgement = judged(first, gains);
      }
      all.kept += judgement.verdict == Verdict::keep ? 1.0 / kCandidates : 0.0;
      all.pairs += static_cast<double>(gains.size()) / kCandidates;
    }
    return all;
  }

  // A standard deviation of 1, well known.
  void make_noisy() { learned.noise = {.squares = 200.0, .degrees = 100}; }
};

TEST_F(Simplicity, OfADeterministicMetricKeepsWhatIsEqual) {
  learned.noise = {.squares = 0.0, .degrees = 1};
  EXPECT_EQ(judged(10.0).verdict, Verdict::discard);
  allowed_loss = 5.0;
  EXPECT_EQ(judged(10.0).verdict, Verdict::keep);
  EXPECT_TRUE(judged(10.0).simpler);
  EXPECT_EQ(judged(10.0).reason, "10 is no worse than 10 of #1");
  EXPECT_EQ(judged(9.999).verdict, Verdict::discard) << "equal or better, whatever is allowed";
  EXPECT_FALSE(judged(11.0).simpler) << "that is better";
}

TEST_F(Simplicity, KeepsAGainThatIsTooSmallToCount) {
  learned.noise = {.squares = 0.0, .degrees = 1};
  metric.min_improvement.amount = 0.5;
  EXPECT_EQ(judged(10.1).verdict, Verdict::discard);
  allowed_loss = 0.5;
  EXPECT_TRUE(judged(10.1).simpler);
  EXPECT_FALSE(judged(10.5).simpler);
}

TEST_F(Simplicity, OnOneRunIsKeptOnlyIfThatShowsIt) {
  make_noisy();
  metric.max_repeats = 1;
  allowed_loss = 2.0;
  EXPECT_EQ(judged(10.0).verdict, Verdict::discard) << "2.35 above what it may fall to would show";
  EXPECT_EQ(judged(10.5).verdict, Verdict::keep);
  EXPECT_TRUE(judged(10.5).simpler);
}

TEST_F(Simplicity, MeasuresAgainWhatLooksHardlyWorse) {
  learned.noise = {.squares = 2.0, .degrees = 100};
  EXPECT_EQ(judged(9.8).verdict, Verdict::discard);
  allowed_loss = 0.5;
  EXPECT_EQ(judged(9.8).verdict, std::nullopt);
  EXPECT_EQ(judged(9.4).verdict, Verdict::discard);
}

TEST_F(Simplicity, KeepsWhatIsShownToLoseLessThanIsAllowed) {
  learned.noise = {.squares = 2.0, .degrees = 100};
  allowed_loss = 1.0;
  const Judgement kept = judged(9.9, {0.0, -0.1, 0.1, 0.0});
  EXPECT_EQ(kept.verdict, Verdict::keep);
  EXPECT_TRUE(kept.simpler);
  ASSERT_TRUE(kept.evidence);
  EXPECT_NEAR(kept.evidence->gain, 0.0, 1e-12) << "the gain that was measured, not what is tested";
  EXPECT_NE(kept.reason.find("shown to lose less than 1"), std::string::npos) << kept.reason;
  EXPECT_DOUBLE_EQ(kept.score, 10.0) << "by its own runs";
}

TEST_F(Simplicity, DiscardsWhatLosesThatMuch) {
  learned.noise = {.squares = 2.0, .degrees = 100};
  allowed_loss = 0.2;
  EXPECT_EQ(judged(9.9, {-0.5, -0.4, -0.6, -0.5}).verdict, Verdict::discard);
}

TEST_F(Simplicity, StillAsksForConstraints) {
  learned.noise = {.squares = 0.0, .degrees = 1};
  constraints.push_back({.metric = "errors", .min = std::nullopt, .max = 0.0});
  allowed_loss = 5.0;
  EXPECT_EQ(judged(10.0).verdict, Verdict::invalid);
}

// The promise: of those that lose what is allowed or more, at most 1 - confidence are kept.
TEST_F(Simplicity, KeepsOfThoseThatLoseTheMarginAtMostOneInTwenty) {
  make_noisy();
  for (const double margin : {0.1, std::sqrt(2.0), 3.0}) {
    for (const std::uint32_t repeats : {1U, 2U, 5U, 12U}) {
      metric.max_repeats = repeats;
      allowed_loss = margin;
      // The standard error of 2,000 is 0.005.
      EXPECT_LE(tally(margin, 1).kept, 0.05 + 0.01) << margin << ", " << repeats << " runs";
      EXPECT_LE(tally(1.5 * margin, 2).kept, 0.05 + 0.01) << margin << ", " << repeats << " runs";
    }
  }
}

TEST_F(Simplicity, IsFoundMoreOftenTheMoreItMayLose) {
  make_noisy();
  allowed_loss = std::sqrt(2.0);
  const Tally at_once = tally(0.0, 3);
  EXPECT_GT(at_once.kept, 0.35);
  EXPECT_LT(at_once.pairs, 4.0);
  allowed_loss = 3.0;
  const Tally wide = tally(0.0, 3);
  EXPECT_GT(wide.kept, 0.85);
  metric.max_repeats = 12;
  allowed_loss = std::sqrt(2.0);
  EXPECT_GT(tally(0.0, 3).kept, 0.65);
}

TEST(AllowedLoss, IsWhatWouldNotCountAsAGain) {
  Metric metric;
  metric.min_improvement = {.amount = 0.01, .relative = true};
  EXPECT_DOUBLE_EQ(loss_that_is_allowed(metric, -50.0, {}), 0.5);
  metric.min_improvement.relative = false;
  EXPECT_DOUBLE_EQ(loss_that_is_allowed(metric, -50.0, {}), 0.01);
}

TEST(AllowedLoss, IsWhatNoiseDoesToADifferenceWhereEveryGainCounts) {
  Learned learned;
  EXPECT_DOUBLE_EQ(loss_that_is_allowed({}, 50.0, learned), 0.0) << "nothing is known yet";
  learned.noise = {.squares = 18.0, .degrees = 2};
  EXPECT_DOUBLE_EQ(loss_that_is_allowed({}, 50.0, learned), 3.0);
}

}  // namespace
}  // namespace swarmlab::judge
