// A segment is a stretch of a lab in which scores are comparable.
#include <gtest/gtest.h>

#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

class Segments : public testing::Test {
 protected:
  SwarmUnderTest swarm;
  LabSettings settings = settings_named("lab");

  // Two kept experiments, and one that runs.
  Task running() {
    swarm.start(settings, 10.0);
    swarm.counted("w", swarm.scored(swarm.work_for("w"), 9.0, 0, object(50)));
    return swarm.work_for("w");
  }
  void begin_another() { ASSERT_TRUE(swarm.open(settings, measured_by(8)).new_segment); }

  [[nodiscard]] std::string why() const {
    const auto began = swarm.last_of<SegmentBegan>();
    return began.empty() ? "none began" : began.front().why;
  }
};

TEST_F(Segments, ANewEvaluatorBeginsOne) {
  running();
  begin_another();
  const Lab& lab = swarm.lab("lab");
  EXPECT_EQ(lab.segment.number, SegmentNumber(2));
  EXPECT_EQ(lab.segment.evaluator_hash, object(8));
  EXPECT_FALSE(lab.segment.baseline_measured);
  EXPECT_TRUE(lab.frontier.empty());
  EXPECT_FALSE(lab.best);
  EXPECT_EQ(why(), "the evaluator, guard or a frozen file changed");
}

TEST_F(Segments, NewDataBeginOne) {
  running();
  EXPECT_TRUE(swarm.open(settings, measured_by(7, 1)).new_segment);
  EXPECT_EQ(why(), "the data changed");
}

TEST_F(Segments, ANewStartBeginsOne) {
  running();
  EXPECT_TRUE(swarm.open(settings, measured_by(7, 0, 2)).new_segment);
  EXPECT_EQ(why(), "the start commit changed");
}

TEST_F(Segments, AnotherMetricBeginsOne) {
  running();
  settings.metric.name = "loss";
  EXPECT_TRUE(swarm.open(settings).new_segment);
  EXPECT_EQ(why(), "the metric changed");
}

TEST_F(Segments, AnotherDirectionBeginsOne) {
  running();
  settings.metric.direction = Direction::maximize;
  EXPECT_TRUE(swarm.open(settings).new_segment);
  EXPECT_EQ(why(), "the direction of the metric changed");
}

TEST_F(Segments, AllThatChangedIsTold) {
  running();
  EXPECT_TRUE(swarm.open(settings, measured_by(8, 1)).new_segment);
  EXPECT_EQ(why(), "the evaluator, guard or a frozen file changed; the data changed");
}

TEST_F(Segments, TheFirstTaskIsABaselineWithTheNextNumber) {
  const Task old = running();
  begin_another();
  const Task baseline = swarm.work_for("w");
  EXPECT_EQ(baseline.kind, TaskKind::baseline);
  EXPECT_EQ(baseline.experiment, next(old.experiment));
  EXPECT_EQ(baseline.picked_because, "baseline of segment 2");
  swarm.counted("w", swarm.scored(baseline, 100.0));
  EXPECT_EQ(swarm.lab("lab").best->score, 100.0);
  EXPECT_EQ(swarm.work_for("w").parent, baseline.experiment);
}

TEST_F(Segments, LimitsAreTotalsOverAllOfThem) {
  running();
  begin_another();
  EXPECT_EQ(swarm.lab("lab").counters.iterations, 1U);
  EXPECT_EQ(swarm.lab("lab").counters.experiments, 2U);
}

TEST_F(Segments, APlateauEndsWithItsSegment) {
  settings.stop.plateau_threshold = 2;
  swarm.start(settings, 10.0);
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 11.0));
  begin_another();
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 10.0));
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 11.0));
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::running);
}

TEST_F(Segments, ATreeOfAnOldOneIsNoDuplicate) {
  running();
  begin_another();
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 10.0));
  EXPECT_EQ(swarm.counted("w", swarm.scored(swarm.work_for("w"), 9.0, 0, object(50))).verdict,
            Verdict::keep);
}

TEST_F(Segments, WhatWaitedIsDropped) {
  const Task task = running();
  swarm.stale("w", swarm.ended(task, Outcome::returned));
  begin_another();
  EXPECT_EQ(swarm.last_of<TaskDropped>().size(), 1U);
  EXPECT_TRUE(swarm.state.tasks.empty());
}

TEST_F(Segments, WhatStillRunsOnlyCostsMoney) {
  const Task task = running();
  begin_another();
  const Report late = swarm.scored(task, 1.0, 30);
  EXPECT_EQ(swarm.stale("w", late), "the segment of task 3 ended: its score compares with nothing");
  EXPECT_FALSE(swarm.state.tasks.contains(task.id));
  EXPECT_EQ(swarm.lab("lab").budget.spent, MicroUsd(30));
  EXPECT_FALSE(swarm.stored.contains({task.lab, task.experiment}));
  swarm.stale("w", late);
  EXPECT_EQ(swarm.lab("lab").budget.spent, MicroUsd(30));
}

TEST_F(Segments, WhatStillRunsKeepsItsReserveUntilItsLeaseEnds) {
  swarm.start(settings, 10.0, 20);
  swarm.work_for("w");
  begin_another();
  EXPECT_EQ(swarm.lab("lab").budget.reserved, MicroUsd(20));
  swarm.pass(swarm.rules.lease);
  swarm.expect<Done>(TimePassed{});
  EXPECT_EQ(swarm.lab("lab").budget.reserved, MicroUsd(0));
  EXPECT_TRUE(swarm.state.tasks.empty());
}

TEST_F(Segments, WhatStillRunsDoesNotHoldUpTheBaseline) {
  running();
  begin_another();
  EXPECT_EQ(swarm.work_for("w").kind, TaskKind::baseline);
}

TEST_F(Segments, AWorkerIsToldToDropWhatStillRuns) {
  const Task task = running();
  begin_another();
  const HeldLease held{.task = task.id, .token = task.lease->token};
  const auto heartbeat = [&] {
    return swarm.expect<HeartbeatHeard>(
        Heartbeat{.worker = WorkerName("w"), .session = swarm.sessions["w"], .held = {held}});
  };
  EXPECT_EQ(heartbeat().drop, std::vector{held});
  EXPECT_TRUE(swarm.arrive("w", {held}).keep.empty());
  swarm.stale("w", swarm.ended(task, Outcome::returned, 30));
  EXPECT_EQ(swarm.lab("lab").budget.spent, MicroUsd(30));
}

TEST_F(Segments, WhatStillRunsGoesWithItsWorker) {
  running();
  begin_another();
  swarm.expect<Done>(WorkerLeft{.worker = WorkerName("w"), .session = swarm.sessions["w"]});
  EXPECT_TRUE(swarm.state.tasks.empty());
}

TEST_F(Segments, ARestartKeepsApartWhatStillRuns) {
  const Task task = running();
  begin_another();
  swarm.state.presence = {};
  swarm.state.index = {};
  rebuild_index(swarm.state);
  swarm.expect<Done>(Restarted{});
  swarm.arrive("v");
  EXPECT_EQ(swarm.work_for("v").kind, TaskKind::baseline);
  swarm.pass(swarm.rules.grace);
  swarm.expect<Done>(TimePassed{});
  EXPECT_FALSE(swarm.state.tasks.contains(task.id));
}

TEST_F(Segments, ABaselineThatIsTriedAgainOwnsTheTreeThatFailedBefore) {
  swarm.open(settings);
  swarm.arrive("w");
  Report failed = swarm.ended(swarm.work_for("w"), Outcome::guard_failed);
  failed.tree = object(50);
  swarm.counted("w", failed);
  swarm.open(settings);
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 10.0, 0, object(50)));
  EXPECT_EQ(swarm.counted("w", swarm.scored(swarm.work_for("w"), 1.0, 0, object(50))).verdict,
            Verdict::no_change);
}

}  // namespace
}  // namespace swarmlab::swarm
