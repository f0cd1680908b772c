#include <map>
#include <set>

#include "common/result.h"
#include "tests/coordinator/policy/kept_lab.h"

namespace swarmlab::policy {
namespace {

class TheIslands : public testing::Test {
 protected:
  KeptLab lab{PolicyKind::islands,
              {.islands = 3, .migration_every = 0, .reset_every = 0, .seed = 5}};

  // The number of an experiment from `from` on that is dealt to the island.
  [[nodiscard]] std::uint64_t dealt_to(std::size_t island, std::uint64_t from) const {
    while (island_of(lab.search, ExperimentNumber(from)) != island) ++from;
    return from;
  }
  [[nodiscard]] std::uint64_t champion_of(std::size_t island) const {
    return champion(lab.view(), island).value();
  }
  void decide(int count) {
    for (int i = 0; i < count; ++i) lab.decide_one();
  }
  // On each island one better one: 10 less than its place.
  std::vector<std::uint64_t> settled() {
    lab.keep(1, 20.0);
    std::vector<std::uint64_t> kept;
    for (std::size_t island = 0; island < 3; ++island) {
      kept.push_back(dealt_to(island, 10 * (island + 1)));
      lab.keep(kept.back(), 10.0 - static_cast<double>(island));
    }
    return kept;
  }
};

TEST_F(TheIslands, GetTheSameNumberOfExperimentsWhoeverAsks) {
  for (const std::uint64_t seed : {0U, 1U, 99U}) {
    lab.search.seed = seed;
    for (std::uint64_t round = 0; round < 50; ++round) {
      std::set<std::size_t> islands;
      for (std::uint64_t place = 0; place < 3; ++place) {
        islands.insert(island_of(lab.search, ExperimentNumber(3 * round + place)));
      }
      EXPECT_EQ(islands.size(), 3U);
    }
  }
}

TEST_F(TheIslands, AreDealtOtherwiseWithAnotherSeed) {
  const auto dealt = [this](std::uint64_t seed) {
    lab.search.seed = seed;
    std::vector<std::size_t> islands;
    for (std::uint64_t number = 0; number < 60; ++number) {
      islands.push_back(island_of(lab.search, ExperimentNumber(number)));
    }
    return islands;
  };
  EXPECT_EQ(dealt(1), dealt(1));
  EXPECT_NE(dealt(1), dealt(2));
}

// Were islands dealt strictly in turn, a lab that takes two numbers for each experiment would leave
// every other island alone.
TEST_F(TheIslands, AreAllReachedByEverySecondNumber) {
  lab.search.islands = 4;
  std::map<std::size_t, int> reached;
  for (std::uint64_t number = 0; number < 4000; number += 2) {
    reached[island_of(lab.search, ExperimentNumber(number))] += 1;
  }
  ASSERT_EQ(reached.size(), 4U);
  for (const auto& [island, count] : reached) EXPECT_NEAR(count, 500, 100) << island;
}

TEST_F(TheIslands, AllBeginWithTheBaseline) {
  lab.keep(1, 20.0);
  for (std::size_t island = 0; island < 3; ++island) EXPECT_EQ(champion_of(island), 1U);
}

TEST_F(TheIslands, EachGoesOnFromItsOwnBest) {
  const std::vector<std::uint64_t> kept = settled();
  for (int i = 0; i < 30; ++i) {
    const std::size_t island = island_of(lab.search, ExperimentNumber(lab.next));
    EXPECT_EQ(lab.begin_next().parent.value(), kept[island]);
  }
}

TEST_F(TheIslands, SayWhoseTurnItIs) {
  settled();
  const std::size_t island = island_of(lab.search, ExperimentNumber(lab.next));
  EXPECT_EQ(lab.because(), fmt::format("islands: #{}, {}, the best of island {} of 3", lab.parent(),
                                       10 - island, island + 1));
}

TEST_F(TheIslands, SpreadWorkersThatAskAtTheSameTime) {
  const std::vector<std::uint64_t> kept = settled();
  std::map<std::uint64_t, int> workers;
  while (lab.next % 3 != 0) lab.begin_next();
  for (int i = 0; i < 30; ++i) workers[lab.begin_next().parent.value()] += 1;
  for (const std::uint64_t one : kept) EXPECT_EQ(workers[one], 10);
}

TEST_F(TheIslands, KeepWhatBeatsTheBestOfItsIsland) {
  const std::vector<std::uint64_t> kept = settled();
  const auto to_beat = [&](std::size_t island) {
    return reference_beside_best(lab.policy, lab.view(), ExperimentNumber(dealt_to(island, 50)),
                                 ExperimentNumber(kept[island]));
  };
  EXPECT_EQ(to_beat(0), ExperimentNumber(kept[0]));
  EXPECT_EQ(to_beat(1), ExperimentNumber(kept[1]));
  EXPECT_EQ(to_beat(2), std::nullopt);  // it has the best of all
}

TEST_F(TheIslands, SendTheirBestToTheNextInTurn) {
  lab.search.migration_every = 10;
  const std::vector<std::uint64_t> kept = settled();
  decide(9);
  EXPECT_EQ(champion_of(2), kept[2]);
  decide(1);  // from 1 to 2: it is worse than what is there
  EXPECT_EQ(champion_of(2), kept[2]);
  decide(10);  // from 2 to 0
  EXPECT_EQ(champion_of(0), kept[2]);
  EXPECT_EQ(champion_of(1), kept[1]);
  decide(10);  // from 0 to 1: it came with the last one
  EXPECT_EQ(champion_of(1), kept[2]);
}

TEST_F(TheIslands, TheWorstBeginsAnewWithABetterOnesBest) {
  lab.search.reset_every = 100;
  const std::vector<std::uint64_t> kept = settled();
  decide(99);
  EXPECT_EQ(champion_of(0), kept[0]);
  decide(1);
  EXPECT_TRUE(champion_of(0) == kept[1] || champion_of(0) == kept[2]);
  EXPECT_TRUE(lab.candidates.on_island(0).empty());
  EXPECT_EQ(champion_of(1), kept[1]);
  EXPECT_EQ(champion_of(2), kept[2]);
}

TEST_F(TheIslands, ResetsDrawAmongAllBetterOnes) {
  std::set<std::uint64_t> founders;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    lab = KeptLab(PolicyKind::islands,
                  {.islands = 3, .migration_every = 0, .reset_every = 1, .seed = seed});
    const std::vector<std::uint64_t> kept = settled();
    decide(1);
    founders.insert(champion_of(0) == kept[1] ? 1 : 2);
  }
  EXPECT_EQ(founders, (std::set<std::uint64_t>{1, 2}));
}

TEST_F(TheIslands, NoneBeginsAnewWhereAllAreAsGood) {
  lab.search.reset_every = 1;
  lab.keep(1, 20.0);
  const Islands before = lab.islands;
  decide(5);
  EXPECT_EQ(lab.islands, before);
}

TEST_F(TheIslands, WhatBeganBeforeAResetComesAsAMigrantIfItIsBetter) {
  lab.search.reset_every = 1;
  settled();
  const std::uint64_t late = dealt_to(0, 40);
  const std::uint64_t worse = dealt_to(0, late + 1);
  lab.expect(worse + 1);  // both run
  decide(1);
  lab.search.reset_every = 0;
  const std::uint64_t founder = champion_of(0);
  lab.keep(worse, 9.5);
  EXPECT_EQ(champion_of(0), founder);
  lab.keep(late, 1.0);
  EXPECT_EQ(champion_of(0), late);
  EXPECT_TRUE(lab.candidates.on_island(0).empty());
}

TEST_F(TheIslands, WhatBeginsAfterAResetIsOnTheIsland) {
  lab.search.reset_every = 1;
  settled();
  decide(1);
  const std::uint64_t young = dealt_to(0, lab.next);
  lab.keep(young, 0.5);
  EXPECT_EQ(champion_of(0), young);
  EXPECT_EQ(lab.candidates.on_island(0).size(), 1U);
}

TEST_F(TheIslands, TakeOverWhatWasKeptUnderAnotherPolicy) {
  KeptLab greedy(PolicyKind::greedy);
  greedy.keep(1, 50.0);
  for (std::uint64_t number = 2; number <= 30; ++number) {
    greedy.keep(number, 50.0 - static_cast<double>(number), number - 1);
  }
  greedy.choose(PolicyKind::islands, lab.search);
  std::set<std::uint64_t> champions;
  for (std::size_t island = 0; island < 3; ++island) {
    champions.insert(champion(greedy.view(), island).value());
  }
  EXPECT_EQ(champions.size(), 3U);
  EXPECT_TRUE(champions.contains(30));
  EXPECT_GE(*champions.begin(), 24U);
}

TEST_F(TheIslands, OfWhichThereIsOneAreGreedy) {
  lab = KeptLab(PolicyKind::islands, {.islands = 1, .migration_every = 1, .reset_every = 1});
  lab.keep(1, 3.0);
  lab.keep(2, 2.0);
  decide(3);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(lab.begin_next().parent, ExperimentNumber(2));
}

}  // namespace
}  // namespace swarmlab::policy
