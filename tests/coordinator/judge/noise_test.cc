#include "coordinator/judge/noise.h"

#include <gtest/gtest.h>

#include <vector>

namespace swarmlab::judge {
namespace {

Measurement run(double score, const std::string& host_class = "home") {
  Measurement measurement;
  measurement.score = score;
  measurement.identity.host_class = host_class;
  return measurement;
}

TEST(NoiseOfALab, IsUnknownAfterOneRunOfTheBaseline) {
  Learned learned;
  learn_from_baseline(learned, std::vector{run(5.0)});
  EXPECT_FALSE(learned.noise.is_known());
  EXPECT_EQ(learned.home, "home");
}

TEST(NoiseOfALab, IsZeroWhenRunsAreEqual) {
  Learned learned;
  learn_from_baseline(learned, std::vector{run(0.1 + 0.2), run(0.1 + 0.2)});
  EXPECT_TRUE(learned.noise.is_zero());
}

TEST(NoiseOfALab, OfADifferenceIsTwiceThatOfARun) {
  Learned learned;
  learn_from_baseline(learned, std::vector{run(1.0), run(2.0), run(3.0)});
  EXPECT_DOUBLE_EQ(learned.noise.variance(), 2.0);
}

TEST(NoiseOfALab, GrowsMoreCertainWithThePairsOfEveryCandidate) {
  Learned learned{.noise = {.squares = 4.0, .degrees = 2}, .home = "home", .hosts = {}};
  const std::vector runs = {run(12.0), run(10.0), run(14.0), run(10.0)};
  learn_from_pairs(learned, std::vector<Pair>{{runs[0], runs[1]}, {runs[2], runs[3]}},
                   Direction::maximize, 10.0);
  EXPECT_EQ(learned.noise.degrees, 3U);
  EXPECT_DOUBLE_EQ(learned.noise.squares, 6.0);  // gains of 2 and 4
}

TEST(PairsOfRuns, GainWhatIsBetterInTheMetricsDirection) {
  const Measurement candidate = run(8.0);
  const Measurement reference = run(10.0);
  EXPECT_DOUBLE_EQ(gain_of({candidate, reference}, Direction::minimize, 10.0, "home"), 2.0);
  EXPECT_DOUBLE_EQ(gain_of({candidate, reference}, Direction::maximize, 10.0, "home"), -2.0);
}

TEST(PairsOfRuns, OfAMachineOfHalfTheSpeedCountAsAtHome) {
  const Measurement candidate = run(16.0, "slow");
  const Measurement reference = run(20.0, "slow");
  EXPECT_DOUBLE_EQ(gain_of({candidate, reference}, Direction::minimize, 10.0, "home"), 2.0);
}

TEST(PairsOfRuns, OfScoresThatHaveNoRatioAreDifferencesEverywhere) {
  const Measurement candidate = run(-1.0, "slow");
  const Measurement reference = run(-4.0, "slow");
  EXPECT_DOUBLE_EQ(gain_of({candidate, reference}, Direction::maximize, 10.0, "home"), 3.0);
}

TEST(HostClasses, AreComparableOnceTheReferenceRanThere) {
  Learned learned{.noise = {}, .home = "home", .hosts = {}};
  EXPECT_TRUE(is_comparable("home", learned));
  EXPECT_FALSE(is_comparable("slow", learned));
  const std::vector runs = {run(16.0, "slow"), run(20.0, "slow")};
  learn_from_pairs(learned, std::vector<Pair>{{runs[0], runs[1]}}, Direction::minimize, 10.0);
  EXPECT_TRUE(is_comparable("slow", learned));
  EXPECT_DOUBLE_EQ(at_home(18.0, "slow", learned), 9.0);
  EXPECT_DOUBLE_EQ(at_home(18.0, "home", learned), 18.0);
}

TEST(HostClasses, FollowTheirMachinesWhenTheyChange) {
  Learned learned{.noise = {}, .home = "home", .hosts = {}};
  const auto see = [&](double reference) {
    const std::vector runs = {run(reference, "other"), run(reference, "other")};
    learn_from_pairs(learned, std::vector<Pair>{{runs[0], runs[1]}}, Direction::minimize, 10.0);
  };
  for (int i = 0; i < 1000; ++i) see(20.0);
  for (int i = 0; i < 500; ++i) see(10.0);
  EXPECT_NEAR(at_home(10.0, "other", learned), 10.0, 0.1);
}

}  // namespace
}  // namespace swarmlab::judge
