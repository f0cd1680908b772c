// Who may climb: the best of those that are there, by the pessimistic end of their score.
#include "coordinator/ladder/ranking.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace swarmlab::ladder {
namespace {

ExperimentNumber number(std::uint64_t value) {
  return ExperimentNumber(value);
}

TEST(Ranking, LetsTheBestFourthClimb) {
  Ranking ranking(0.25);
  for (std::uint64_t i = 1; i <= 3; ++i) {
    ranking.enter(number(i), static_cast<double>(i));
    EXPECT_FALSE(ranking.next()) << "a fourth of " << i << " is nobody";
  }
  ranking.enter(number(4), 0.5);
  EXPECT_EQ(ranking.next(), number(3));
  ranking.take(number(3));
  EXPECT_FALSE(ranking.next());
}

TEST(Ranking, LetsANewBestClimbAtOnce) {
  Ranking ranking(0.25);
  for (std::uint64_t i = 1; i <= 4; ++i) ranking.enter(number(i), static_cast<double>(i));
  ranking.take(number(4));
  ranking.enter(number(5), 9.0);
  EXPECT_EQ(ranking.next(), number(5)) << "it is the best of five, whoever climbed before";
}

TEST(Ranking, OfEqualOnesTheOlderClimbs) {
  Ranking ranking(0.5);
  ranking.enter(number(2), 1.0);
  ranking.enter(number(1), 1.0);
  EXPECT_EQ(ranking.next(), number(1));
}

TEST(Ranking, MovesOthersUpWhenOneLeaves) {
  Ranking ranking(0.5);
  for (std::uint64_t i = 1; i <= 4; ++i) ranking.enter(number(i), static_cast<double>(i));
  ranking.take(number(4));
  ranking.take(number(3));
  EXPECT_FALSE(ranking.next());
  ranking.leave(number(4));
  EXPECT_FALSE(ranking.next()) << "of three, one may climb, and it did";
  ranking.enter(number(5), 0.0);
  EXPECT_EQ(ranking.next(), number(2));
}

// The same as sorting all of them anew each time.
TEST(Ranking, IsTheSortedOrderWhateverTheOrderOfComing) {
  std::mt19937_64 random(11);
  for (const double fraction : {0.1, 0.25, 1.0 / 3.0, 0.5, 1.0}) {
    Ranking ranking(fraction);
    std::vector<std::pair<double, std::uint64_t>> all;
    std::set<std::uint64_t> taken;
    for (std::uint64_t i = 1; i <= 300; ++i) {
      const auto bound = static_cast<double>(random() % 50);
      ranking.enter(number(i), bound);
      all.emplace_back(-bound, i);
      std::ranges::sort(all);
      const auto top = static_cast<std::size_t>(fraction * static_cast<double>(all.size()) + 1e-9);
      std::optional<ExperimentNumber> expected;
      for (std::size_t at = 0; at < top && !expected; ++at) {
        if (!taken.contains(all[at].second)) expected = number(all[at].second);
      }
      ASSERT_EQ(ranking.next(), expected) << fraction << " of " << i;
      if (expected && random() % 3 != 0) {
        ranking.take(*expected);
        taken.insert(expected->value());
      }
    }
  }
}

TEST(Ranking, TakesTheEndOfTheIntervalThatNoiseAllows) {
  EXPECT_DOUBLE_EQ(pessimistic(Direction::maximize, 10.0, 2.0), 8.0);
  EXPECT_DOUBLE_EQ(pessimistic(Direction::minimize, 10.0, 2.0), -12.0);
}

TEST(Floor, IsWhatTheFractionNeedsForOne) {
  EXPECT_EQ(floor_of({.fraction = 0.25}), 4U);
  EXPECT_EQ(floor_of({.fraction = 0.3}), 4U);
  EXPECT_EQ(floor_of({.fraction = 1.0}), 1U);
  EXPECT_EQ(floor_of({.fraction = 0.25, .margin = {}, .floor = 9}), 9U);
  EXPECT_EQ(floor_of({.fraction = 0.0, .margin = {.amount = 1.0}}), 1U) << "a margin needs nobody";
}

}  // namespace
}  // namespace swarmlab::ladder
