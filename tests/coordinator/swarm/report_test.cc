#include <gtest/gtest.h>

#include <limits>

#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

class Reports : public testing::Test {
 protected:
  SwarmUnderTest swarm;

  [[nodiscard]] const Experiment& stored(const Task& task) const {
    return swarm.stored.at({task.lab, task.experiment});
  }
};

TEST_F(Reports, AMeasuredBaselineIsKeptAndIsTheBest) {
  swarm.start(settings_named("lab"), 10.0);
  const Lab& lab = swarm.lab("lab");
  EXPECT_TRUE(lab.segment.baseline_measured);
  EXPECT_EQ(lab.best->number, ExperimentNumber(1));
  EXPECT_EQ(lab.frontier.size(), 1U);
  EXPECT_EQ(lab.counters.iterations, 0U);
  EXPECT_EQ(lab.counters.experiments, 1U);
}

TEST_F(Reports, ABetterScoreIsKeptAndBecomesTheParentOfTheNext) {
  swarm.start(settings_named("lab"), 10.0);
  const Task task = swarm.work_for("w");
  EXPECT_EQ(swarm.counted("w", swarm.scored(task, 9.0)).verdict, Verdict::keep);
  EXPECT_TRUE(swarm.last_of<ExperimentFinished>().at(0).becomes_best);
  const Task next = swarm.work_for("w");
  EXPECT_EQ(next.parent, task.experiment);
  EXPECT_EQ(next.parent_commit, stored(task).commit);
  EXPECT_EQ(next.picked_because, "best so far: #2, 9 (greedy)");
}

TEST_F(Reports, AWorseScoreIsDiscardedAndLeavesTheFrontierAlone) {
  swarm.start(settings_named("lab"), 10.0);
  const Task task = swarm.work_for("w");
  EXPECT_EQ(swarm.counted("w", swarm.scored(task, 11.0)).verdict, Verdict::discard);
  EXPECT_EQ(swarm.lab("lab").frontier.size(), 1U);
  EXPECT_EQ(swarm.lab("lab").counters.without_keep, 1U);
}

TEST_F(Reports, TheRecordSaysWhereItCameFromAndWhatItTook) {
  swarm.start(settings_named("lab"), 10.0);
  const Task task = swarm.work_for("w");
  const Timestamp began = swarm.now;
  swarm.pass(std::chrono::seconds(5));
  swarm.counted("w", swarm.scored(task, 9.0, 30));
  const Experiment& experiment = stored(task);
  EXPECT_EQ(experiment.parent, ExperimentNumber(1));
  EXPECT_EQ(experiment.worker, WorkerName("w"));
  EXPECT_EQ(experiment.token, task.lease->token);
  EXPECT_EQ(experiment.charged, std::vector{task.lease->token});
  EXPECT_EQ(experiment.attempts, 1U);
  EXPECT_EQ(experiment.cost.usd, MicroUsd(30));
  EXPECT_EQ(experiment.started_at, began);
  EXPECT_EQ(experiment.ended_at, swarm.now);
}

TEST_F(Reports, TheSameReportAgainGetsTheSameAnswerAndChangesNothing) {
  swarm.start(settings_named("lab"), 10.0);
  const Report report = swarm.scored(swarm.work_for("w"), 9.0, 30);
  const ReportCounted first = swarm.counted("w", report);
  const ReportCounted second = swarm.counted("w", report);
  EXPECT_EQ(second.verdict, first.verdict);
  EXPECT_EQ(second.reason, first.reason);
  EXPECT_TRUE(swarm.last.empty());
}

TEST_F(Reports, AReportUnderAnOldTokenOnlyRecordsItsCostOnce) {
  swarm.start(settings_named("lab"), 10.0);
  const Task before = swarm.work_for("w");
  const Report late = swarm.scored(before, 5.0, 30);
  swarm.pass(swarm.rules.lease);
  swarm.expect<Done>(TimePassed{});
  swarm.arrive("v");
  const Task again = swarm.work_for("v");
  ASSERT_EQ(again.id, before.id);
  swarm.stale("w", late);
  EXPECT_EQ(swarm.last.size(), 1U);
  EXPECT_EQ(swarm.last_of<CostSpent>().size(), 1U);
  swarm.stale("w", late);
  EXPECT_TRUE(swarm.last.empty());
  swarm.counted("v", swarm.scored(again, 9.0, 12));
  EXPECT_EQ(stored(again).cost.usd, MicroUsd(42));
  EXPECT_EQ(stored(again).charged.size(), 2U);
  EXPECT_EQ(swarm.lab("lab").budget.spent, MicroUsd(42));
}

TEST_F(Reports, AnOldTokensCostIsRecordedAfterTheDecisionToo) {
  swarm.start(settings_named("lab"), 10.0);
  const Report late = swarm.scored(swarm.work_for("w"), 5.0, 30);
  swarm.pass(swarm.rules.lease);
  swarm.tell(TimePassed{});
  swarm.arrive("v");
  swarm.counted("v", swarm.scored(swarm.work_for("v"), 9.0, 12));
  swarm.stale("w", late);
  EXPECT_EQ(swarm.lab("lab").budget.spent, MicroUsd(42));
  swarm.stale("w", late);
  EXPECT_EQ(swarm.lab("lab").budget.spent, MicroUsd(42));
  EXPECT_EQ(swarm.lab("lab").best->score, 9.0);
}

TEST_F(Reports, AtTheDeadlineAReportIsTooLateEvenBeforeTheLeaseExpired) {
  swarm.start(settings_named("lab"), 10.0);
  const Task task = swarm.work_for("w");
  swarm.pass(swarm.rules.lease);
  swarm.stale("w", swarm.scored(task, 9.0, 30));
  EXPECT_EQ(swarm.lab("lab").budget.spent, MicroUsd(30));
  EXPECT_TRUE(swarm.state.tasks.contains(task.id));
}

TEST_F(Reports, JustBeforeTheDeadlineAReportCounts) {
  swarm.start(settings_named("lab"), 10.0);
  const Task task = swarm.work_for("w");
  swarm.pass(swarm.rules.lease - Milliseconds(1));
  swarm.counted("w", swarm.scored(task, 9.0));
}

TEST_F(Reports, ALeaseWithoutAKnownDeadlineHolds) {
  swarm.start(settings_named("lab"), 10.0);
  const Task task = swarm.work_for("w");
  swarm.state.presence = {};
  swarm.pass(std::chrono::hours(1));
  swarm.counted("w", swarm.scored(task, 9.0));
}

TEST_F(Reports, ACostThatWasChargedUnderALateReportIsNotChargedAgainWhenTheLeaseRevives) {
  swarm.start(settings_named("lab"), 10.0);
  const Task task = swarm.work_for("w");
  const Report report = swarm.scored(task, 9.0, 30);
  swarm.pass(swarm.rules.lease);
  swarm.stale("w", report);
  swarm.tell(Restarted{});
  swarm.counted("w", report);
  EXPECT_EQ(swarm.lab("lab").budget.spent, MicroUsd(30));
  EXPECT_EQ(stored(task).cost.usd, MicroUsd(30));
  EXPECT_EQ(stored(task).charged.size(), 1U);
  EXPECT_EQ(swarm.lab("lab").budget.charged, 2U);  // with the baseline
}

TEST_F(Reports, AnotherWorkersReportUnderTheCurrentTokenIsNotBelieved) {
  swarm.start(settings_named("lab"), 10.0);
  const Task task = swarm.work_for("w");
  swarm.arrive("thief");
  swarm.stale("thief", swarm.scored(task, 1.0, 1000));
  EXPECT_TRUE(swarm.last.empty());
  swarm.counted("w", swarm.scored(task, 9.0, 30));
  swarm.stale("thief", swarm.scored(task, 1.0, 1000));
  EXPECT_TRUE(swarm.last.empty());
}

TEST_F(Reports, ATokenThatWasNeverGrantedSpendsNothing) {
  swarm.start(settings_named("lab"), 10.0);
  Report report = swarm.scored(swarm.work_for("w"), 9.0, 30);
  for (const FencingToken token : {FencingToken(0), swarm.state.next_token, FencingToken(999)}) {
    report.token = token;
    swarm.stale("w", report);
    EXPECT_TRUE(swarm.last.empty());
  }
}

TEST_F(Reports, AnUnknownTaskIsStale) {
  swarm.start(settings_named("lab"), 10.0);
  Task unknown = swarm.work_for("w");
  unknown.id = TaskId(99);
  unknown.experiment = ExperimentNumber(99);
  swarm.stale("w", swarm.scored(unknown, 9.0, 30));
  EXPECT_TRUE(swarm.last.empty());
}

TEST_F(Reports, AReturnedTaskWaitsAgainAndIsNoLoss) {
  swarm.start(settings_named("lab"), 10.0);
  const Task task = swarm.work_for("w");
  swarm.stale("w", swarm.ended(task, Outcome::returned, 5));
  const Task& waiting = swarm.state.tasks.at(task.id);
  EXPECT_FALSE(waiting.lease);
  EXPECT_EQ(waiting.losses, 0U);
  EXPECT_EQ(swarm.lab("lab").budget.spent, MicroUsd(5));
  EXPECT_EQ(swarm.work_for("w").id, task.id);
}

TEST_F(Reports, AReturnThatCostNothingRecordsNoCost) {
  swarm.start(settings_named("lab"), 10.0);
  swarm.stale("w", swarm.ended(swarm.work_for("w"), Outcome::returned));
  EXPECT_TRUE(swarm.last_of<CostSpent>().empty());
}

TEST_F(Reports, OutcomesThatSayAllBecomeTheirVerdicts) {
  swarm.start(settings_named("lab"), 10.0);
  const std::vector<std::pair<Outcome, Verdict>> all = {
      {Outcome::crash, Verdict::crash},
      {Outcome::timeout, Verdict::timeout},
      {Outcome::guard_failed, Verdict::guard_failed},
      {Outcome::out_of_scope, Verdict::out_of_scope},
      {Outcome::no_change, Verdict::no_change},
      {Outcome::invalid, Verdict::invalid}};
  for (const auto& [outcome, verdict] : all) {
    const ReportCounted answer = swarm.counted("w", swarm.ended(swarm.work_for("w"), outcome));
    EXPECT_EQ(answer.verdict, verdict);
    EXPECT_EQ(answer.reason, "as the worker saw it");
  }
  EXPECT_EQ(swarm.lab("lab").counters.iterations, all.size());
  EXPECT_EQ(swarm.lab("lab").counters.without_keep, all.size());
}

TEST_F(Reports, TheTreeOfADecidedExperimentIsADuplicate) {
  swarm.start(settings_named("lab"), 10.0);
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 9.0, 0, object(50)));
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 8.0, 0, object(51)));
  const Task task = swarm.work_for("w");
  const ReportCounted answer = swarm.counted("w", swarm.scored(task, 1.0, 0, object(50)));
  EXPECT_EQ(answer.verdict, Verdict::duplicate);
  EXPECT_EQ(answer.reason, "same tree as #2 (keep, score 9)");
  EXPECT_EQ(stored(task).duplicate_of, ExperimentNumber(2));
  EXPECT_EQ(swarm.lab("lab").best->score, 8.0);
}

TEST_F(Reports, TheTreeOfADiscardedExperimentIsADuplicateToo) {
  swarm.start(settings_named("lab"), 10.0);
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 11.0, 0, object(50)));
  EXPECT_EQ(swarm.counted("w", swarm.scored(swarm.work_for("w"), 1.0, 0, object(50))).reason,
            "same tree as #2 (not kept)");
}

TEST_F(Reports, TheTreeOfTheParentIsNoChange) {
  swarm.start(settings_named("lab"), 10.0);
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 9.0, 0, object(50)));
  const ReportCounted answer =
      swarm.counted("w", swarm.scored(swarm.work_for("w"), 1.0, 0, object(50)));
  EXPECT_EQ(answer.verdict, Verdict::no_change);
  EXPECT_EQ(answer.reason, "same tree as its parent, #2");
}

TEST_F(Reports, AClaimOfADuplicateIsChecked) {
  swarm.start(settings_named("lab"), 10.0);
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 11.0, 0, object(50)));
  Report right = swarm.ended(swarm.work_for("w"), Outcome::duplicate);
  right.tree = object(50);
  EXPECT_EQ(swarm.counted("w", right).verdict, Verdict::duplicate);
  const Task task = swarm.work_for("w");
  Report wrong = swarm.ended(task, Outcome::duplicate);
  wrong.tree = object(77);
  EXPECT_EQ(swarm.counted("w", wrong).verdict, Verdict::crash);
  EXPECT_FALSE(stored(task).tree);
  // A wrong claim does not make itself true.
  EXPECT_EQ(swarm.counted("w", swarm.scored(swarm.work_for("w"), 9.0, 0, object(77))).verdict,
            Verdict::keep);
}

TEST_F(Reports, AFailedBaselineStopsTheLab) {
  swarm.open(settings_named("lab"));
  swarm.arrive("w");
  swarm.counted("w", swarm.ended(swarm.work_for("w"), Outcome::guard_failed));
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::stopped);
  EXPECT_EQ(swarm.lab("lab").stop_reason, "the baseline failed: as the worker saw it");
}

TEST_F(Reports, AFailedBaselineIsTriedAgainWhenTheLabRunsAgain) {
  swarm.open(settings_named("lab"));
  swarm.arrive("w");
  swarm.counted("w", swarm.ended(swarm.work_for("w"), Outcome::crash));
  swarm.open(settings_named("lab"));
  const Task again = swarm.work_for("w");
  EXPECT_EQ(again.kind, TaskKind::baseline);
  EXPECT_EQ(again.experiment, ExperimentNumber(2));
  swarm.counted("w", swarm.scored(again, 10.0));
  EXPECT_EQ(swarm.lab("lab").segment.baseline, ExperimentNumber(2));
  EXPECT_EQ(swarm.work_for("w").parent, ExperimentNumber(2));
}

TEST_F(Reports, ABaselineIsNeverADuplicate) {
  swarm.open(settings_named("lab"));
  swarm.arrive("w");
  Report report = swarm.ended(swarm.work_for("w"), Outcome::duplicate);
  report.tree = object(1);
  EXPECT_EQ(swarm.counted("w", report).verdict, Verdict::crash);
}

class MalformedReports : public Reports {
 protected:
  void SetUp() override {
    swarm.start(settings_named("lab"), 10.0);
    good = swarm.scored(swarm.work_for("w"), 9.0, 30);
  }

  void expect_refused(const Report& report) {
    const Reply reply = swarm.hand_in("w", report);
    const Error* error = std::get_if<Error>(&reply);
    ASSERT_NE(error, nullptr) << SwarmUnderTest::said(reply);
    EXPECT_EQ(error->code, ErrorCode::invalid_input);
    EXPECT_TRUE(swarm.last.empty());
  }

  Report good;
};

TEST_F(MalformedReports, AMeasuredOneNeedsMeasurementCommitAndTree) {
  Report report = good;
  report.measurement.reset();
  expect_refused(report);
  report = good;
  report.commit.reset();
  expect_refused(report);
  report = good;
  report.tree.reset();
  expect_refused(report);
}

TEST_F(MalformedReports, AScoreOrMetricMustBeFinite) {
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    Report report = good;
    report.measurement->score = bad;
    expect_refused(report);
    report = good;
    report.measurement->metrics.push_back({.name = "m", .value = bad});
    expect_refused(report);
  }
}

TEST_F(MalformedReports, LabAndExperimentMustBeTheTasks) {
  Report report = good;
  report.lab = LabId(9);
  expect_refused(report);
  report = good;
  report.experiment = ExperimentNumber(9);
  expect_refused(report);
}

TEST_F(MalformedReports, TheTaskMustBeTheDecidedExperiments) {
  swarm.counted("w", good);
  Report report = good;
  report.task = TaskId(9);
  expect_refused(report);
}

TEST_F(MalformedReports, TheMeasurementMustBeOfThisCandidateByThisSegmentsEvaluatorAndData) {
  Report report = good;
  report.measurement->identity.tree = object(99);
  expect_refused(report);
  report = good;
  report.measurement->identity.evaluator = object(99);
  expect_refused(report);
  report = good;
  report.measurement->identity.data = object(99);
  expect_refused(report);
}

TEST_F(MalformedReports, OnlyAMeasuredOneBringsAMeasurement) {
  Report report = good;
  report.outcome = Outcome::crash;
  expect_refused(report);
}

TEST_F(MalformedReports, ADuplicateNamesItsTree) {
  Report report = good;
  report.outcome = Outcome::duplicate;
  report.measurement.reset();
  report.tree.reset();
  expect_refused(report);
}

TEST_F(MalformedReports, ACostIsNotNegativeAndNotAbsurd) {
  for (const std::int64_t cost : {std::int64_t{-1}, std::numeric_limits<std::int64_t>::max()}) {
    Report report = good;
    report.cost.usd = MicroUsd(cost);
    expect_refused(report);
  }
}

TEST_F(MalformedReports, LeaveTheTaskToAGoodOne) {
  Report report = good;
  report.tree.reset();
  expect_refused(report);
  swarm.counted("w", good);
}

}  // namespace
}  // namespace swarmlab::swarm
