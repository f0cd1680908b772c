#include "coordinator/judge/prospects.h"

#include <gtest/gtest.h>

#include <random>

namespace swarmlab::judge {
namespace {

Prospects after(int trials, double chance, double gain = 2.0, double cost = 0.5) {
  Prospects prospects;
  std::mt19937_64 random(1);
  for (int i = 0; i < trials; ++i) {
    note_trial(
        prospects,
        {.success = std::bernoulli_distribution(chance)(random), .gain = gain, .cost_usd = cost});
  }
  return prospects;
}

TEST(Prospects, AreOpenBeforeAnythingWasTried) {
  const double chance = chance_within({}, 20);
  EXPECT_GT(chance, 0.2);
  EXPECT_LT(chance, 0.8);
  EXPECT_EQ(gain_per_experiment({}), std::nullopt);
  EXPECT_EQ(gain_per_dollar({}), std::nullopt);
}

TEST(Prospects, FollowHowOftenThereWasANewBest) {
  // One in ten: of twenty none with a chance of 0.9^20.
  EXPECT_NEAR(chance_within(after(2000, 0.1), 20), 0.878, 0.1);
  EXPECT_NEAR(chance_within(after(2000, 0.01), 20), 0.182, 0.15);
}

TEST(Prospects, FallWithEachFailure) {
  Prospects prospects = after(50, 0.3);
  double before = chance_within(prospects, 20);
  for (int i = 0; i < 1000; ++i) {
    note_trial(prospects, {});
    const double chance = chance_within(prospects, 20);
    ASSERT_LE(chance, before + 1e-9) << i;
    before = chance;
  }
  EXPECT_LT(before, 0.1);
}

TEST(Prospects, RiseAgainWhenNewGroundIsFound) {
  Prospects prospects = after(1000, 0.0);
  EXPECT_LT(chance_within(prospects, 20), 0.03);
  for (int i = 0; i < 5; ++i) note_trial(prospects, {.success = true, .gain = 1.0});
  EXPECT_GT(chance_within(prospects, 20), 0.5);
}

TEST(Prospects, GrowWithTheNumberOfExperiments) {
  const Prospects prospects = after(200, 0.05);
  EXPECT_LT(chance_within(prospects, 1), chance_within(prospects, 10));
  EXPECT_LT(chance_within(prospects, 10), chance_within(prospects, 1000));
  EXPECT_LE(chance_within(prospects, 1'000'000), 1.0);
}

TEST(Prospects, SayWhatAnExperimentAndADollarBring) {
  const Prospects prospects = after(2000, 0.1);
  EXPECT_NEAR(*gain_per_experiment(prospects), 0.2, 0.06);
  EXPECT_NEAR(*gain_per_dollar(prospects), 0.4, 0.12);
  EXPECT_EQ(gain_per_dollar(after(100, 0.5, 2.0, 0.0)), std::nullopt);
}

TEST(Prospects, StayNumbersAfterAMillionExperiments) {
  Prospects prospects = after(1'000'000, 0.001);
  const double chance = chance_within(prospects, 20);
  EXPECT_GT(chance, 0.0);
  EXPECT_LT(chance, 0.2);
  double weights = 0.0;
  for (const Prospects::Memory& memory : prospects.memories) weights += memory.weight;
  EXPECT_NEAR(weights, 1.0, 1e-9);
}

}  // namespace
}  // namespace swarmlab::judge
