// Policies in a lab that runs: what they are told, and what becomes of their islands.
#include "coordinator/swarm/search.h"

#include <gtest/gtest.h>

#include <set>

#include "common/model/names.h"
#include "coordinator/policy/islands.h"
#include "tests/coordinator/swarm/checked_swarm.h"

namespace swarmlab::swarm {
namespace {

class Searches : public testing::Test {
 protected:
  CheckedSwarm swarm;
  LabSettings settings = settings_named("lab");

  void start(PolicyKind policy) {
    settings.stop.max_iterations = 0;
    settings.policy = policy;
    swarm.start(settings, 100.0);
  }
  void change_to(PolicyKind policy) {
    settings.policy = policy;
    swarm.open(settings);
  }
  // An experiment from the ask to the report; its task.
  Task try_for(double score) {
    const Task task = swarm.work_for("w");
    swarm.counted("w", scored(task, score));
    return task;
  }
  // Each better than the one before.
  void improve(int times) {
    for (int i = 0; i < times; ++i) try_for(lab().best->score - 1.0);
  }
  [[nodiscard]] const Lab& lab() const { return swarm.lab("lab"); }
  [[nodiscard]] std::string because(const Task& task) const { return task.picked_because; }

 private:
  // Trees that are all different.
  Report scored(const Task& task, double score) {
    ++trees_;
    return swarm.scored(task, score, 0,
                        object(201 + static_cast<std::uint8_t>(trees_ / 250),
                               static_cast<std::uint8_t>(trees_ % 250)));
  }
  unsigned trees_ = 0;
};

TEST_F(Searches, KnowTheParentOfWhatIsKept) {
  start(PolicyKind::greedy);
  improve(2);
  EXPECT_EQ(lab().frontier.at(ExperimentNumber(1)).parent, std::nullopt);
  EXPECT_EQ(lab().frontier.at(ExperimentNumber(2)).parent, ExperimentNumber(1));
  EXPECT_EQ(lab().frontier.at(ExperimentNumber(3)).parent, ExperimentNumber(2));
}

TEST_F(Searches, TakeAnotherPolicyFromTheNextPickOn) {
  start(PolicyKind::greedy);
  improve(5);
  EXPECT_EQ(because(try_for(99)), "best so far: #6, 95 (greedy)");
  change_to(PolicyKind::best_of_n);
  EXPECT_EQ(because(try_for(99)), "always the baseline: #1, 100 (best-of-n)");
  change_to(PolicyKind::beam);
  EXPECT_EQ(because(try_for(99)), "beam: #6, 95, place 1 of the best 4, 1 visits");
  change_to(PolicyKind::ucb);
  EXPECT_EQ(because(try_for(99)).substr(0, 6), "ucb: #");
  change_to(PolicyKind::islands);
  EXPECT_EQ(because(try_for(99)).substr(0, 10), "islands: #");
  change_to(PolicyKind::greedy);
  EXPECT_EQ(because(try_for(99)), "best so far: #6, 95 (greedy)");
}

TEST_F(Searches, TakeOtherNumbersFromTheNextPickOn) {
  start(PolicyKind::beam);
  improve(5);
  for (int i = 0; i < 20; ++i) try_for(99);
  settings.search.width = 1;
  change_to(PolicyKind::beam);
  EXPECT_EQ(try_for(99).parent, ExperimentNumber(6));
  settings.search.max_parent_age = 1;
  settings.search.width = 4;
  change_to(PolicyKind::beam);
  EXPECT_EQ(try_for(99).parent, ExperimentNumber(6));
}

TEST_F(Searches, OfParallelWorkersStartFromDifferentParents) {
  for (const PolicyKind policy : {PolicyKind::beam, PolicyKind::ucb, PolicyKind::islands}) {
    swarm = CheckedSwarm();
    settings.search = {.width = 4, .exploration = 4.0, .islands = 4};
    start(policy);
    improve(12);
    std::set<std::optional<ExperimentNumber>> parents;
    for (int i = 0; i < 8; ++i) parents.insert(swarm.work_for("w").parent);
    EXPECT_GE(parents.size(), 3U) << name_of(policy);
  }
}

TEST_F(Searches, FoundIslandsOnlyWhereThePolicyNeedsThem) {
  start(PolicyKind::greedy);
  EXPECT_TRUE(lab().islands.empty());
  change_to(PolicyKind::islands);
  EXPECT_EQ(lab().islands.size(), 4U);
  const policy::Islands before = lab().islands;
  change_to(PolicyKind::greedy);
  change_to(PolicyKind::islands);
  EXPECT_EQ(lab().islands, before);
  settings.search.islands = 7;
  change_to(PolicyKind::islands);
  EXPECT_EQ(lab().islands.size(), 7U);
}

TEST_F(Searches, HaveIslandsThatMigrateAndResetAsExperimentsAreDecided) {
  settings.search = {.islands = 3, .migration_every = 4, .reset_every = 10};
  start(PolicyKind::islands);
  std::set<std::uint64_t> founders;
  std::set<std::uint64_t> resets;
  for (int i = 0; i < 60; ++i) {
    try_for(100.0 - i);
    for (const policy::Island& island : lab().islands) {
      founders.insert(island.founder.value());
      resets.insert(island.since.value());
    }
  }
  EXPECT_GE(founders.size(), 5U);
  EXPECT_GE(resets.size(), 3U);
}

TEST_F(Searches, BeginAnewWithASegment) {
  settings.search = {.islands = 3, .migration_every = 1, .reset_every = 2};
  start(PolicyKind::islands);
  improve(10);
  swarm.open(settings, measured_by(9));
  EXPECT_TRUE(lab().islands.empty());
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 50.0));
  const ExperimentNumber baseline = lab().segment.baseline;
  ASSERT_EQ(lab().islands.size(), 3U);
  for (const policy::Island& island : lab().islands) EXPECT_EQ(island.founder, baseline);
  EXPECT_EQ(try_for(99).parent, baseline);
}

TEST_F(Searches, GoOnAfterARestartAsIfNothingHadHappened) {
  settings.search = {.islands = 3, .migration_every = 4, .reset_every = 10};
  for (const PolicyKind policy : kPolicies) {
    const auto run = [&](bool restarts) {
      swarm = CheckedSwarm();
      start(policy);
      std::vector<std::string> picks;
      for (int i = 0; i < 40; ++i) {
        picks.push_back(because(try_for(i % 3 == 0 ? lab().best->score - 1.0 : 200.0)));
        if (!restarts) continue;
        swarm.restart();
        swarm.arrive("w");
      }
      EXPECT_EQ(swarm.violation, "");
      return picks;
    };
    EXPECT_EQ(run(false), run(true)) << name_of(policy);
  }
}

TEST_F(Searches, EndUnderEveryPolicy) {
  for (const PolicyKind policy : kPolicies) {
    swarm = CheckedSwarm();
    settings.stop.plateau_threshold = 15;
    start(policy);
    int experiments = 0;
    while (lab().status == LabStatus::running && experiments < 300) {
      try_for(experiments < 40 ? 100.0 - experiments : 100.0);
      ++experiments;
    }
    EXPECT_EQ(lab().status, LabStatus::stopped) << name_of(policy);
    EXPECT_EQ(lab().stop_reason, "15 experiments in a row without a new best") << name_of(policy);
  }
}

}  // namespace
}  // namespace swarmlab::swarm
