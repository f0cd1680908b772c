// Merges: what was found in parallel is combined, once, and no limit is overshot for it.
#include "coordinator/swarm/merge.h"

#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

// A lab to minimize with a baseline of 10, and three workers that go on from it at the same time.
class Merges : public testing::Test {
 protected:
  SwarmUnderTest swarm;
  LabSettings settings = settings_named("parallel");

  void begin() {
    swarm.start(settings);
    for (const char* worker : {"x", "y"}) swarm.arrive(worker);
  }

  [[nodiscard]] const Lab& lab() const { return swarm.lab("parallel"); }

  // Two that began on the baseline: the first is the best, the other better than the baseline only.
  void keep_two() {
    const Task first = swarm.work_for("w");
    const Task second = swarm.work_for("x");
    swarm.counted("w", swarm.scored(first, 5.0));
    EXPECT_EQ(swarm.counted("x", swarm.scored(second, 7.0)).verdict, Verdict::keep);
  }
};

TEST_F(Merges, WhatBeatsItsOwnParentIsKeptAndMergedIntoTheBest) {
  begin();
  keep_two();
  ASSERT_EQ(lab().best->number, ExperimentNumber(2));
  const Task merge = swarm.work_for("y");
  EXPECT_EQ(merge.kind, TaskKind::merge);
  EXPECT_EQ(merge.parent, ExperimentNumber(2));
  EXPECT_EQ(merge.parent_commit, lab().frontier.at(ExperimentNumber(2)).commit);
  ASSERT_TRUE(merge.merge);
  EXPECT_EQ(merge.merge->other, ExperimentNumber(3));
  EXPECT_EQ(merge.merge->commit, lab().frontier.at(ExperimentNumber(3)).commit);
  EXPECT_EQ(merge.merge->base, lab().frontier.at(ExperimentNumber(1)).commit);
  EXPECT_EQ(merge.picked_because, "merge of #3 into #2, the best");
}

TEST_F(Merges, ANewBestTakesInTheOneThatItOvertook) {
  begin();
  const Task first = swarm.work_for("w");
  const Task second = swarm.work_for("x");
  swarm.counted("w", swarm.scored(first, 7.0));
  swarm.counted("x", swarm.scored(second, 5.0));
  const Task merge = swarm.work_for("y");
  EXPECT_EQ(merge.parent, ExperimentNumber(3));
  EXPECT_EQ(merge.merge->other, ExperimentNumber(2));
}

TEST_F(Merges, AMergeIsAnExperimentThatKnowsBothSides) {
  begin();
  keep_two();
  const Task merge = swarm.work_for("y");
  EXPECT_EQ(swarm.counted("y", swarm.scored(merge, 2.0)).verdict, Verdict::keep);
  const Experiment& one = swarm.stored.at({lab().id, merge.experiment});
  EXPECT_EQ(one.kind, TaskKind::merge);
  EXPECT_EQ(one.parent, ExperimentNumber(2));
  EXPECT_EQ(one.merged_with, ExperimentNumber(3));
  EXPECT_EQ(lab().best->number, merge.experiment);
  EXPECT_EQ(lab().counters.iterations, 3U);
}

TEST_F(Merges, NothingIsMergedWithWhatItComesFrom) {
  begin();
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 5.0));
  EXPECT_EQ(swarm.work_for("w").kind, TaskKind::explore);
}

TEST_F(Merges, WhatAMergeTookInIsNotMergedAgain) {
  begin();
  keep_two();
  swarm.counted("y", swarm.scored(swarm.work_for("y"), 2.0));
  EXPECT_TRUE(swarm.state.tasks.empty()) << "#4 comes from #2 and from #3";
  // Where #3 went on, only what is newer than it is merged.
  const FrontierEntry later{.number = ExperimentNumber(9),
                            .score = 1.0,
                            .commit = object(9),
                            .parent = ExperimentNumber(3)};
  const auto wish = merge_wish(lab(), later, true);
  ASSERT_TRUE(wish);
  EXPECT_EQ(wish->base, ExperimentNumber(3));
  EXPECT_EQ(wish->theirs, ExperimentNumber(4));
}

// A chain of kept candidates, each a little better than the one before.
void extend(Lab& lab, std::uint64_t from, std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t number = first; number < first + count; ++number) {
    const FrontierEntry entry{.number = ExperimentNumber(number),
                              .score = 10.0 - static_cast<double>(number) / 1000.0,
                              .commit = object(4),
                              .parent = ExperimentNumber(number == first ? from : number - 1)};
    lab.frontier.emplace(entry.number, entry);
    lab.best = entry;
  }
}

TEST_F(Merges, WhatHasALongHistoryInCommonIsMergedAsAnythingElse) {
  begin();
  Lab long_lab = lab();
  extend(long_lab, 1, 2, 2000);
  const FrontierEntry sibling{.number = ExperimentNumber(2002),
                              .score = 9.0,
                              .commit = object(5),
                              .parent = ExperimentNumber(1999)};
  const auto wish = merge_wish(long_lab, sibling, false);
  ASSERT_TRUE(wish);
  EXPECT_EQ(wish->base, ExperimentNumber(1999));
  EXPECT_EQ(wish->ours, ExperimentNumber(2001));
  EXPECT_EQ(wish->theirs, ExperimentNumber(2002));
}

TEST_F(Merges, WhatWentApartLongAgoIsNotMerged) {
  begin();
  Lab long_lab = lab();
  extend(long_lab, 1, 2, 200);
  const FrontierEntry near{.number = ExperimentNumber(900),
                           .score = 9.0,
                           .commit = object(5),
                           .parent = ExperimentNumber(1)};
  EXPECT_TRUE(merge_wish(long_lab, near, false));
  extend(long_lab, 201, 202, 100);
  EXPECT_FALSE(merge_wish(long_lab, near, false));
}

TEST_F(Merges, AreNotMadeWhereTheLabWantsNone) {
  settings.search.merge = false;
  begin();
  const Task first = swarm.work_for("w");
  const Task second = swarm.work_for("x");
  swarm.counted("w", swarm.scored(first, 5.0));
  EXPECT_EQ(swarm.counted("x", swarm.scored(second, 7.0)).verdict, Verdict::discard);
  EXPECT_EQ(swarm.work_for("y").kind, TaskKind::explore);
}

TEST_F(Merges, TheControlNeverMerges) {
  settings.policy = PolicyKind::best_of_n;
  begin();
  const Task first = swarm.work_for("w");
  const Task second = swarm.work_for("x");
  swarm.counted("w", swarm.scored(first, 7.0));
  swarm.counted("x", swarm.scored(second, 5.0));
  EXPECT_EQ(swarm.work_for("y").kind, TaskKind::explore);
}

TEST_F(Merges, NeverOvershootTheLimit) {
  settings.stop.max_iterations = 2;
  begin();
  keep_two();
  EXPECT_TRUE(swarm.state.tasks.empty());
  EXPECT_EQ(lab().status, LabStatus::stopped);
}

TEST_F(Merges, CountAmongWhatIsOpen) {
  settings.stop.max_iterations = 3;
  begin();
  keep_two();
  ASSERT_EQ(swarm.state.tasks.size(), 1U);
  EXPECT_EQ(swarm.work_for("y").kind, TaskKind::merge);
  swarm.nothing_for("w");
}

TEST_F(Merges, AreLeftToWorkersThatKnowThem) {
  begin();
  keep_two();
  swarm.arrive("old", std::string());
  ASSERT_FALSE(swarm.state.workers.at(WorkerName("old")).measures);
  EXPECT_EQ(swarm.work_for("old").kind, TaskKind::explore);
  EXPECT_EQ(swarm.work_for("y").kind, TaskKind::merge);
}

TEST_F(Merges, OneThatChangesNothingIsDecidedAsThat) {
  begin();
  keep_two();
  const Task merge = swarm.work_for("y");
  EXPECT_EQ(swarm.counted("y", swarm.ended(merge, Outcome::no_change)).verdict, Verdict::no_change);
  EXPECT_EQ(lab().best->number, ExperimentNumber(2));
}

}  // namespace
}  // namespace swarmlab::swarm
