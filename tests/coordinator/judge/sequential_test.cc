#include "coordinator/judge/sequential.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace swarmlab::judge {
namespace {

constexpr Noise kUnitNoise{.squares = 200.0, .degrees = 100};  // of a difference: variance 2

TEST(SequentialTest, SpendsTheWholeErrorOverItsLooksAndMostAtTheEnd) {
  for (const std::uint32_t pairs : {1U, 2U, 4U, 19U}) {
    const Plan plan{.confidence = 0.9, .pairs = pairs};
    double spent = 0.0;
    for (std::uint32_t pair = 0; pair <= pairs + 1; ++pair) spent += level_of_look(plan, pair);
    EXPECT_NEAR(spent, 0.1, 1e-12) << pairs;
  }
  const Plan plan{.confidence = 0.95, .pairs = 4};
  EXPECT_LT(level_of_look(plan, 2), level_of_look(plan, 4));
}

TEST(SequentialTest, DecidesNothingOnOnePairWhenThereCanBeMore) {
  const std::vector<double> gains = {1000.0};
  EXPECT_EQ(look(gains, kUnitNoise, {.confidence = 0.95, .pairs = 4}).look, Look::open);
}

TEST(SequentialTest, StopsEarlyOnALargeGain) {
  const std::vector<double> gains = {6.0, 5.0};
  const Finding found = look(gains, kUnitNoise, {.confidence = 0.95, .pairs = 4});
  EXPECT_EQ(found.look, Look::better);
  EXPECT_DOUBLE_EQ(found.gain, 5.5);
  EXPECT_GT(found.low, 0.0);
  EXPECT_GT(found.confidence, 0.99);
}

TEST(SequentialTest, GivesUpEarlyOnWhatIsWorse) {
  const std::vector<double> gains = {-3.0, -2.0};
  EXPECT_EQ(look(gains, kUnitNoise, {.confidence = 0.95, .pairs = 4}).look, Look::given_up);
}

TEST(SequentialTest, DoesNotGiveUpWhatMorePairsCanShowOnceTheNoiseIsKnownBetter) {
  const Noise hardly_known{.squares = 4.0, .degrees = 2};
  const std::vector<double> gains = {9.4};
  EXPECT_EQ(look(gains, hardly_known, {.confidence = 0.99, .pairs = 4}).look, Look::open);
}

TEST(SequentialTest, GivesUpWhenTheLastPairShowedNothing) {
  const std::vector<double> gains = {0.9, 1.2, 0.3, 0.8};
  EXPECT_EQ(look(gains, kUnitNoise, {.confidence = 0.95, .pairs = 4}).look, Look::given_up);
}

TEST(SequentialTest, AGainThatIsRealButTooSmallDoesNotCount) {
  const Noise little{.squares = 1e-6, .degrees = 100};
  const std::vector<double> gains = {0.5, 0.5, 0.5, 0.5};
  EXPECT_EQ(look(gains, little, {.confidence = 0.95, .pairs = 4, .required = 1.0}).look,
            Look::given_up);
  EXPECT_EQ(look(gains, little, {.confidence = 0.95, .pairs = 4, .required = 0.4}).look,
            Look::better);
}

TEST(SequentialTest, PairsThatScatterMoreThanTheLabsNoiseAreNotTakenForIt) {
  const std::vector<double> gains = {40.0, 1.0, 35.0, -20.0};
  const Plan plan{.confidence = 0.95, .pairs = 4};
  EXPECT_EQ(look(gains, kUnitNoise, plan).look, Look::given_up);
}

TEST(SequentialTest, LearnsTheNoiseFromThePairsWhereNothingElseIsKnown) {
  const std::vector<double> alike = {5.0, 5.1, 4.9, 5.0};
  const std::vector<double> apart = {5.0, -3.0, 9.0, 1.0};
  const Plan plan{.confidence = 0.95, .pairs = 4};
  EXPECT_EQ(look(alike, {}, plan).look, Look::better);
  EXPECT_EQ(look(apart, {}, plan).look, Look::given_up);
}

TEST(SequentialTest, ShrinksAGainByWhatChanceCanHaveAdded) {
  EXPECT_DOUBLE_EQ(shrunken(2.0, 0.0), 2.0);
  EXPECT_DOUBLE_EQ(shrunken(2.0, 1.0), 1.5);
  EXPECT_DOUBLE_EQ(shrunken(1.0, 2.0), 0.0);
  EXPECT_DOUBLE_EQ(shrunken(0.0, 1.0), 0.0);
}

// The promise: of null candidates at most 1 - confidence are kept, whatever the tails.
class ErrorRate : public testing::TestWithParam<std::tuple<double, std::uint32_t, bool>> {};

TEST_P(ErrorRate, IsAtMostWhatIsPromised) {
  const auto [confidence, most, heavy] = GetParam();
  std::mt19937_64 random(42);
  std::normal_distribution<double> normal(0.0, std::sqrt(2.0));
  std::student_t_distribution<double> student(3.0);
  constexpr int kCandidates = 8'000;
  int kept = 0;
  for (int i = 0; i < kCandidates; ++i) {
    std::vector<double> gains;
    Look said = Look::open;
    while (said == Look::open) {
      gains.push_back(heavy ? student(random) * std::sqrt(2.0 / 3.0) : normal(random));
      said = look(gains, kUnitNoise, {.confidence = confidence, .pairs = most}).look;
    }
    kept += said == Look::better ? 1 : 0;
  }
  // Three standard errors of the count: the seed is fixed, the promise is on average.
  const double promised = 1.0 - confidence;
  const double slack = 3.0 * std::sqrt(promised * confidence / kCandidates);
  EXPECT_LE(static_cast<double>(kept) / kCandidates, promised + slack);
  EXPECT_GT(kept, 0) << "a test that never keeps promises nothing";
}

INSTANTIATE_TEST_SUITE_P(OfNullCandidates, ErrorRate,
                         testing::Combine(testing::Values(0.8, 0.95, 0.99),
                                          testing::Values(2U, 4U, 12U), testing::Bool()));
// One pair of heavy-tailed noise is no mean: no t test holds its level there.
INSTANTIATE_TEST_SUITE_P(OfOnePair, ErrorRate,
                         testing::Combine(testing::Values(0.8, 0.95, 0.99), testing::Values(1U),
                                          testing::Values(false)));

}  // namespace
}  // namespace swarmlab::judge
