#include "coordinator/swarm/expected_gain.h"

#include <gtest/gtest.h>

#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

class ExpectedGain : public testing::Test {
 protected:
  SwarmUnderTest swarm;
  LabSettings settings = settings_named("lab");

  ExpectedGain() { settings.stop.max_iterations = 0; }

  void score(double score, std::int64_t cost = 0) {
    swarm.counted("w", swarm.scored(swarm.work_for("w"), score, cost));
  }
  [[nodiscard]] bool runs() const { return swarm.lab("lab").status == LabStatus::running; }
  // Experiments that bring nothing until it stops; at most so many.
  int fail_until_stopped(int most) {
    int failed = 0;
    for (; failed < most && runs(); ++failed) score(99.0);
    return failed;
  }
};

TEST_F(ExpectedGain, StopsALabThatCanHardlyBeExpectedToFindMore) {
  settings.stop.expected_gain = {.chance = 0.05, .experiments = 20};
  swarm.start(settings);
  score(9.0);
  const int failed = fail_until_stopped(1000);
  EXPECT_GT(failed, 50);
  EXPECT_LT(failed, 900);
  EXPECT_FALSE(runs());
  EXPECT_TRUE(swarm.lab("lab").stop_reason.starts_with(
      "a new best within 20 experiments has a chance of 5 %, below 5 %"))
      << swarm.lab("lab").stop_reason;
}

TEST_F(ExpectedGain, LetsALabGoOnThatFindsMoreNowAndThen) {
  settings.stop.expected_gain = {.chance = 0.2, .experiments = 20};
  swarm.start(settings, 1000.0);
  for (int i = 0; i < 300; ++i) score(i % 10 == 0 ? 900.0 - i : 2000.0);
  EXPECT_TRUE(runs());
}

TEST_F(ExpectedGain, SaysNothingAfterAFewExperiments) {
  settings.stop.expected_gain = {.chance = 0.99, .experiments = 1};
  swarm.start(settings);
  for (int i = 0; i < 29; ++i) score(99.0);
  EXPECT_TRUE(runs());
  score(99.0);
  EXPECT_FALSE(runs());
}

TEST_F(ExpectedGain, StopsWhenADollarBringsTooLittle) {
  settings.stop.expected_gain = {.per_dollar = 0.5};
  swarm.start(settings, 100.0);
  // A gain of 1 for ten dollars.
  for (int i = 0; i < 40 && runs(); ++i) score(99.0 - i, 10'000'000);
  EXPECT_FALSE(runs());
  EXPECT_TRUE(swarm.lab("lab").stop_reason.starts_with("a dollar can be expected to bring 0.09"))
      << swarm.lab("lab").stop_reason;
}

TEST_F(ExpectedGain, IsAnOpenQuestionAgainInANewSegment) {
  settings.stop.expected_gain = {.chance = 0.05, .experiments = 20};
  swarm.start(settings);
  fail_until_stopped(1000);
  ASSERT_FALSE(runs());
  EXPECT_EQ(swarm.open(settings).stays_stopped.empty(), false);
  EXPECT_EQ(swarm.open(settings, measured_by(8)).stays_stopped, "");
  EXPECT_TRUE(runs());
}

TEST_F(ExpectedGain, IsToldWithWhatToDoWhenALabIsToRunAgain) {
  settings.stop.expected_gain = {.chance = 0.05, .experiments = 20};
  swarm.start(settings);
  fail_until_stopped(1000);
  const std::string why = swarm.open(settings).stays_stopped;
  EXPECT_NE(why.find("lower --expected-gain or [stop] expected_gain"), std::string::npos) << why;
  settings.stop.expected_gain = {};
  EXPECT_EQ(swarm.open(settings).stays_stopped, "");
}

}  // namespace
}  // namespace swarmlab::swarm
