#include "coordinator/swarm/stop.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

class Limits : public testing::Test {
 protected:
  SwarmUnderTest swarm;
  LabSettings settings = settings_named("lab");

  Limits() { settings.stop.max_iterations = 0; }

  void score(double score, std::int64_t cost = 0) {
    swarm.counted("w", swarm.scored(swarm.work_for("w"), score, cost));
  }
  void expect_stopped(const std::string& reason) {
    EXPECT_EQ(swarm.lab("lab").status, LabStatus::stopped);
    EXPECT_EQ(swarm.lab("lab").stop_reason, reason);
    EXPECT_EQ(swarm.nothing_for("w"), "lab lab: stopped: " + reason);
  }
};

TEST_F(Limits, MaxIterationsCountsExperimentsBesidesTheBaseline) {
  settings.stop.max_iterations = 2;
  swarm.start(settings);
  score(9.0);
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::running);
  score(11.0);
  expect_stopped("2 of 2 experiments are done");
}

TEST_F(Limits, NoMoreIsLeasedThanMaxIterationsAllows) {
  settings.stop.max_iterations = 2;
  swarm.start(settings);
  const Task first = swarm.work_for("w");
  swarm.work_for("w");
  EXPECT_EQ(swarm.nothing_for("w"), "lab lab: 2 of 2 experiments are done or running");
  swarm.stale("w", swarm.ended(first, Outcome::returned));
  EXPECT_EQ(swarm.work_for("w").id, first.id);
}

TEST_F(Limits, MaxIterationsOfZeroIsNoLimit) {
  swarm.start(settings);
  for (int i = 0; i < 100; ++i) score(11.0);
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::running);
}

TEST_F(Limits, MaxHoursStopsWithoutAReport) {
  settings.stop.max_time = std::chrono::hours(2);
  swarm.start(settings);
  swarm.pass(std::chrono::hours(2) - Milliseconds(1));
  swarm.tell(TimePassed{});
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::running);
  swarm.pass(Milliseconds(1));
  swarm.tell(TimePassed{});
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::stopped);
  EXPECT_EQ(swarm.lab("lab").stop_reason, "2 h of 2 h are over");
}

TEST_F(Limits, NothingIsLeasedOnceTheHoursAreOverThoughNobodyNoticedYet) {
  settings.stop.max_time = std::chrono::seconds(10);
  swarm.start(settings);
  swarm.pass(std::chrono::seconds(10));
  EXPECT_EQ(swarm.nothing_for("w"), "lab lab: its time is over");
}

TEST_F(Limits, HoursDoNotRunWhileALabIsPaused) {
  settings.stop.max_time = std::chrono::hours(2);
  swarm.start(settings);
  swarm.pass(std::chrono::hours(1));
  swarm.expect<LabsSteered>(
      SetLabStatus{.lab = "lab", .wish = SetLabStatus::Wish::pause, .reason = {}, .who = "ann"});
  swarm.pass(std::chrono::hours(24));
  swarm.expect<LabsSteered>(
      SetLabStatus{.lab = "lab", .wish = SetLabStatus::Wish::resume, .reason = {}, .who = "ann"});
  swarm.pass(std::chrono::minutes(59));
  swarm.tell(TimePassed{});
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::running);
  swarm.pass(std::chrono::minutes(1));
  swarm.tell(TimePassed{});
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::stopped);
}

TEST_F(Limits, AClockThatGoesBackTakesNoTimeAway) {
  settings.stop.max_time = std::chrono::hours(2);
  swarm.start(settings);
  swarm.pass(-std::chrono::hours(1));
  swarm.expect<LabsSteered>(
      SetLabStatus{.lab = "lab", .wish = SetLabStatus::Wish::pause, .reason = {}, .who = "ann"});
  EXPECT_EQ(swarm.lab("lab").budget.active, Milliseconds(0));
}

TEST_F(Limits, MaxCostIsReachedByWhatIsSpent) {
  settings.stop.max_cost = MicroUsd(1'250'000);
  swarm.start(settings);
  score(9.0, 1'249'999);
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::running);
  score(8.0, 1);
  expect_stopped("$1.25 of $1.25 are spent");
}

TEST_F(Limits, AReportThatCostsMoreThanIsLeftStillCounts) {
  settings.stop.max_cost = MicroUsd(100);
  swarm.start(settings);
  score(9.0, 1'000);
  EXPECT_EQ(swarm.lab("lab").best->score, 9.0);
  EXPECT_EQ(swarm.lab("lab").budget.spent, MicroUsd(1'000));
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::stopped);
}

TEST_F(Limits, ALeaseReservesWhatAnAttemptCostsOnAverage) {
  settings.stop.max_cost = MicroUsd(100);
  swarm.start(settings, 10.0, 20);
  score(9.0, 40);
  const Task task = swarm.work_for("w");
  EXPECT_EQ(task.lease->reserved, MicroUsd(40)) << "baselines have no agent";
  EXPECT_EQ(swarm.lab("lab").budget.reserved, MicroUsd(40));
  EXPECT_EQ(swarm.nothing_for("w"),
            "lab lab: $0.0001 of $0.0001 are spent or reserved by what runs");
}

TEST_F(Limits, AnExpiredLeaseGivesItsMoneyBack) {
  settings.stop.max_cost = MicroUsd(100);
  swarm.start(settings, 10.0, 60);
  swarm.work_for("w");
  EXPECT_EQ(swarm.lab("lab").budget.reserved, MicroUsd(60));
  swarm.pass(swarm.rules.lease);
  swarm.tell(TimePassed{});
  EXPECT_EQ(swarm.lab("lab").budget.reserved, MicroUsd(0));
  EXPECT_EQ(swarm.lab("lab").budget.spent, MicroUsd(60));
}

TEST_F(Limits, ALateReportsCostCanStopTheLabToo) {
  settings.stop.max_cost = MicroUsd(100);
  swarm.start(settings);
  const Task task = swarm.work_for("w");
  swarm.pass(swarm.rules.lease);
  swarm.tell(TimePassed{});
  swarm.stale("w", swarm.scored(task, 9.0, 100));
  swarm.arrive("w");
  expect_stopped("$0.0001 of $0.0001 are spent");
}

TEST_F(Limits, SpentMoneyNeverRunsOver) {
  const MicroUsd most{std::numeric_limits<std::int64_t>::max()};
  EXPECT_EQ(plus(most, MicroUsd(1)), most);
  EXPECT_EQ(plus(most, most), most);
  EXPECT_EQ(plus(MicroUsd(2), MicroUsd(3)), MicroUsd(5));
}

TEST_F(Limits, TheTargetScoreIsReachedByTheBest) {
  settings.stop.target_score = 8.0;
  swarm.start(settings);
  score(8.5);
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::running);
  score(8.0);
  expect_stopped("the target score 8 is reached: 8 of #3");
}

TEST_F(Limits, TheTargetScoreIsReachedFromBelowWhenMaximizing) {
  settings.metric.direction = Direction::maximize;
  settings.stop.target_score = 11.0;
  swarm.start(settings);
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::running);
  score(12.0);
  expect_stopped("the target score 11 is reached: 12 of #2");
}

TEST_F(Limits, ABaselineThatReachesTheTargetIsEnough) {
  settings.stop.target_score = 10.0;
  swarm.start(settings, 10.0);
  expect_stopped("the target score 10 is reached: 10 of #1");
}

TEST_F(Limits, AScoreThatIsNotKeptReachesNoTarget) {
  settings.stop.target_score = 8.0;
  settings.metric.min_improvement.amount = 5.0;
  swarm.start(settings);
  score(7.0);
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::running);
}

TEST_F(Limits, APlateauIsExperimentsInARowWithoutAKeep) {
  settings.stop.plateau_threshold = 3;
  swarm.start(settings);
  score(11.0);
  score(11.0);
  score(9.0);
  score(11.0);
  score(11.0);
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::running);
  score(11.0);
  expect_stopped("3 experiments in a row without a new best");
}

TEST_F(Limits, ALimitLetsWhatRunsEndAndCountsIt) {
  settings.stop.max_iterations = 0;
  settings.stop.target_score = 9.0;
  swarm.start(settings);
  const Task running = swarm.work_for("w");
  score(9.0);
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::stopping);
  EXPECT_EQ(swarm.nothing_for("w"), "lab lab: stopping: the target score 9 is reached: 9 of #3");
  EXPECT_EQ(swarm.counted("w", swarm.scored(running, 7.0)).verdict, Verdict::keep);
  expect_stopped("the target score 9 is reached: 9 of #3");
}

TEST_F(Limits, ALeaseThatExpiresLetsAStoppingLabStop) {
  settings.stop.target_score = 9.0;
  swarm.start(settings);
  swarm.work_for("w");
  score(9.0);
  swarm.pass(swarm.rules.lease);
  swarm.tell(TimePassed{});
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::stopped);
}

// Raising the limit that stopped a lab lets it go on where it was.
class RaisedLimits : public Limits {
 protected:
  void expect_goes_on(const LabSettings& raised) {
    const LabIsOpen reply = swarm.open(raised);
    EXPECT_TRUE(reply.resumed);
    EXPECT_FALSE(reply.new_segment);
    EXPECT_EQ(reply.stays_stopped, "");
    EXPECT_EQ(swarm.lab("lab").status, LabStatus::running);
    EXPECT_EQ(swarm.lab("lab").stop_reason, "");
    EXPECT_EQ(swarm.work_for("w").kind, TaskKind::explore);
  }
};

TEST_F(RaisedLimits, TheSameLimitsLeaveItStoppedAndSayHowToGoOn) {
  settings.stop.max_iterations = 1;
  swarm.start(settings);
  score(9.0);
  EXPECT_EQ(swarm.open(settings).stays_stopped,
            "1 of 1 experiments are done; raise --max-iterations or [stop] max_iterations");
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::stopped);
  EXPECT_TRUE(swarm.last.empty());
}

TEST_F(RaisedLimits, MaxIterationsIsATotal) {
  settings.stop.max_iterations = 1;
  swarm.start(settings);
  score(9.0);
  settings.stop.max_iterations = 2;
  expect_goes_on(settings);
  EXPECT_EQ(swarm.nothing_for("w"), "lab lab: 2 of 2 experiments are done or running");
}

TEST_F(RaisedLimits, MaxHours) {
  settings.stop.max_time = std::chrono::hours(1);
  swarm.start(settings);
  swarm.pass(std::chrono::hours(1));
  swarm.tell(TimePassed{});
  swarm.pass(std::chrono::hours(48));
  swarm.arrive("w");
  settings.stop.max_time = std::chrono::hours(2);
  expect_goes_on(settings);
}

TEST_F(RaisedLimits, MaxCost) {
  settings.stop.max_cost = MicroUsd(10);
  swarm.start(settings);
  score(9.0, 10);
  settings.stop.max_cost = MicroUsd(100);
  expect_goes_on(settings);
}

TEST_F(RaisedLimits, TargetScore) {
  settings.stop.target_score = 9.0;
  swarm.start(settings);
  score(9.0);
  settings.stop.target_score = 8.0;
  expect_goes_on(settings);
}

TEST_F(RaisedLimits, PlateauThreshold) {
  settings.stop.plateau_threshold = 1;
  swarm.start(settings);
  score(11.0);
  settings.stop.plateau_threshold = 2;
  expect_goes_on(settings);
}

TEST_F(RaisedLimits, ALoweredLimitStopsARunningLabAtOnce) {
  swarm.start(settings);
  score(11.0);
  settings.stop.max_iterations = 1;
  EXPECT_NE(swarm.open(settings).stays_stopped, "");
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::stopped);
}

}  // namespace
}  // namespace swarmlab::swarm
