// A candidate beside one that is kept, in several metrics at once.
#include "coordinator/judge/pareto.h"

#include <gtest/gtest.h>

#include <random>

#include "coordinator/judge/metrics.h"

namespace swarmlab::judge {
namespace {

Metric named(const std::string& name) {
  Metric metric;
  metric.name = name;
  return metric;
}

class InTwoMetrics : public testing::Test {
 protected:
  InTwoMetrics() {
    speed.direction = Direction::maximize;
    size.name = "size";
    noisy.noise = {.squares = 200.0, .degrees = 100};  // sd of a run: 1
    exact.noise = {.squares = 0.0, .degrees = 2};
  }
  // A noisy speed (the other's is 10), an exact size (the other's is 100).
  std::vector<Aspect> aspects(double own_speed, double own_size,
                              const std::vector<double>& gains = {}) {
    const std::vector<double> no_gains(gains.size(), 0.0);
    return {
        {.metric = speed, .learned = noisy, .own = own_speed, .reference = 10.0, .gains = gains},
        {.metric = size, .learned = exact, .own = own_size, .reference = 100.0, .gains = no_gains}};
  }
  Metric speed;
  Metric size;
  Learned noisy;
  Learned exact;
  Rules rules;
};

TEST_F(InTwoMetrics, OneExactMetricThatIsBetterIsEnough) {
  EXPECT_TRUE(at_first_sight(aspects(2, 99), rules).passes) << "however slow it is";
  EXPECT_FALSE(at_first_sight(aspects(2, 100), rules).passes);
  EXPECT_LT(at_first_sight(aspects(2, 100), rules).advantage, 0.0);
}

TEST_F(InTwoMetrics, AnExactMetricMustBeBetterByMinImprovement) {
  size.min_improvement.amount = 5;
  EXPECT_FALSE(at_first_sight(aspects(2, 96), rules).passes);
  EXPECT_TRUE(at_first_sight(aspects(2, 95), rules).passes);
  size.min_improvement = {.amount = 0.1, .relative = true};
  EXPECT_FALSE(at_first_sight(aspects(2, 91), rules).passes);
  EXPECT_TRUE(at_first_sight(aspects(2, 90), rules).passes);
}

TEST_F(InTwoMetrics, ANoisyOneThatLooksBetterHasAnAdvantageButDoesNotPass) {
  const Sight sight = at_first_sight(aspects(12, 110), rules);
  EXPECT_FALSE(sight.passes);
  EXPECT_GT(sight.advantage, 0.0);
  EXPECT_TRUE(at_first_sight(aspects(30, 110), rules).passes) << "twenty deviations are no luck";
}

TEST_F(InTwoMetrics, PairsShowWhatANoisyOneIsWorth) {
  EXPECT_EQ(look_at(aspects(20, 110, {9.0, 11.0}), rules).look, Look::better);
  EXPECT_EQ(look_at(aspects(10, 110, {-3.0, -2.0}), rules).look, Look::given_up);
  EXPECT_EQ(look_at(aspects(12, 110, {2.0}), rules).look, Look::open) << "one pair shows nothing";
  EXPECT_EQ(look_at(aspects(20, 110, {9.0, 11.0}), rules).best, 0U);
}

TEST_F(InTwoMetrics, WithoutConfidenceTheNumbersDecide) {
  rules.confidence = 0.0;
  EXPECT_TRUE(at_first_sight(aspects(10.1, 110), rules).passes);
  EXPECT_FALSE(at_first_sight(aspects(10, 100), rules).passes) << "equal is no better";
}

TEST(Metrics, AreNeededOnceEach) {
  LabSettings settings;
  settings.more_metrics = {named("size"), named("loss")};
  settings.constraints = {{.metric = "loss", .min = 1, .max = {}},
                          {.metric = "memory", .min = 1, .max = {}}};
  EXPECT_EQ(needed_metrics(settings), (std::vector<std::string>{"size", "loss", "memory"}));
}

TEST(Metrics, WinNothingAtTwiceTheBaseline) {
  Metric metric;
  EXPECT_EQ(worst_of(metric, 3.0), 6.0);
  EXPECT_EQ(worst_of(metric, -3.0), 0.0);
  EXPECT_EQ(worst_of(metric, 0.0), 1.0);
  metric.direction = Direction::maximize;
  EXPECT_EQ(worst_of(metric, 3.0), 0.0);
  metric.worst = 2.5;
  EXPECT_EQ(worst_of(metric, 3.0), 2.5);
}

// The promise: of candidates that are no better in any of two noisy metrics at most 1 - confidence
// pass. bench/judges.cc measures it with more of them, and through the whole swarm.
TEST(Pareto, OfCandidatesThatAreNoBetterFewPass) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  Learned learned;
  learned.noise = {.squares = 2.0 * 50, .degrees = 50};
  const Metric metric;
  const Rules rules;
  int passed = 0;
  constexpr int kCandidates = 2000;
  for (int i = 0; i < kCandidates; ++i) {
    std::vector<Aspect> aspects;
    for (int m = 0; m < 2; ++m) aspects.push_back({.metric = metric, .learned = learned});
    Outlook outlook;
    do {
      for (Aspect& one : aspects) one.gains.push_back(normal(random) - normal(random));
      outlook = look_at(aspects, rules);
    } while (outlook.look == Look::open);
    passed += outlook.look == Look::better ? 1 : 0;
  }
  EXPECT_LE(passed, kCandidates * 5 / 100);
  EXPECT_GT(passed, 0) << "nor is it blind";
}

}  // namespace
}  // namespace swarmlab::judge
