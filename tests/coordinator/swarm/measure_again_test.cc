// Candidates of a noisy metric: what looks better is measured again beside the best, pair by pair,
// before it is kept.
#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

class MeasuringAgain : public testing::Test {
 protected:
  SwarmUnderTest swarm;

  // A baseline of about 10, whose runs vary by about 1; higher is better.
  void SetUp() override {
    LabSettings settings = settings_named("noisy");
    settings.metric.direction = Direction::maximize;
    settings.metric.confidence = 0.95;
    settings.metric.max_repeats = 5;
    swarm.open(settings);
    swarm.arrive("w");
    swarm.arrive("x");
    const Task baseline = swarm.work_for("w");
    Report report = swarm.scored(baseline, 10.0);
    for (const double score : {9.0, 11.0}) {
      report.more.push_back(swarm.run_of(baseline, *report.tree, score));
    }
    swarm.counted("w", report);
  }

  [[nodiscard]] const Lab& lab() const { return swarm.lab("noisy"); }

  // One pair: the candidate scores that, its reference 10.
  ReportCounted pair(const std::string& worker, double score, double reference = 10.0) {
    const Task task = swarm.work_for(worker);
    EXPECT_TRUE(task.pending.has_value());
    if (!task.pending) return {};
    return swarm.counted(worker, swarm.paired(task, score, task.pending->experiment, 0, reference));
  }
};

TEST_F(MeasuringAgain, TheBaselineIsTheMeanOfItsRuns) {
  EXPECT_DOUBLE_EQ(lab().best->score, 10.0);
  EXPECT_EQ(lab().learned.noise.degrees, 2U);
  EXPECT_EQ(swarm.stored.begin()->second.measurements.size(), 3U);
}

TEST_F(MeasuringAgain, WhatLooksWorseIsDiscardedAtOnce) {
  const ReportCounted answer = swarm.counted("w", swarm.scored(swarm.work_for("w"), 9.5));
  EXPECT_TRUE(answer.decided);
  EXPECT_EQ(answer.verdict, Verdict::discard);
}

TEST_F(MeasuringAgain, WhatLooksBetterWaitsForAPairOnAnyWorker) {
  const Task task = swarm.work_for("w");
  const ReportCounted answer = swarm.counted("w", swarm.scored(task, 30.0));
  EXPECT_FALSE(answer.decided);
  EXPECT_TRUE(swarm.stored.size() == 1) << "it is no experiment yet";
  const Task again = swarm.work_for("x");
  EXPECT_EQ(again.id, task.id);
  EXPECT_EQ(again.pending->reference, ExperimentNumber(1));
  EXPECT_EQ(again.lease->reserved, MicroUsd(0)) << "no agent runs";
}

TEST_F(MeasuringAgain, ALargeImprovementIsKeptAfterTwoPairsAndBecomesBest) {
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 30.0));
  EXPECT_FALSE(pair("w", 30.0).decided);
  const ReportCounted last = pair("x", 31.0);
  EXPECT_TRUE(last.decided);
  EXPECT_EQ(last.verdict, Verdict::keep);
  const Experiment& kept = swarm.stored.rbegin()->second;
  ASSERT_TRUE(kept.evidence);
  EXPECT_EQ(kept.evidence->pairs, 2U);
  EXPECT_DOUBLE_EQ(kept.evidence->gain, 20.5);
  EXPECT_GT(kept.evidence->low, 0.0);
  EXPECT_EQ(kept.measured_under.size(), 3U);
  EXPECT_EQ(lab().best->number, kept.number);
  EXPECT_LT(lab().best->score, 30.5) << "not its luckiest run";
  EXPECT_GT(lab().best->score, 29.0);
}

TEST_F(MeasuringAgain, WhatTheBestIsWorthFollowsItsRunsAsTheReferenceOfOthers) {
  EXPECT_EQ(lab().best->runs, 3U);
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 14.0));
  pair("w", 10.5, 14.0);
  EXPECT_EQ(lab().best->runs, 4U);
  EXPECT_DOUBLE_EQ(lab().best->level, 11.0);
  EXPECT_DOUBLE_EQ(lab().best->score, 10.0) << "what it was kept with stays";
  const ReportCounted next = swarm.counted("x", swarm.scored(swarm.work_for("x"), 10.8));
  EXPECT_TRUE(next.decided) << "10.8 would have looked better than 10, not than 11";
}

TEST_F(MeasuringAgain, ATargetIsReachedWhenTheRunsOfTheBestSaySo) {
  LabSettings settings = lab().settings;
  settings.stop.target_score = 11.0;
  swarm.open(settings);
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 14.0));
  pair("w", 10.5, 20.0);
  EXPECT_NE(lab().status, LabStatus::running);
  EXPECT_EQ(lab().stop_reason, "the target score 11 is reached: 12.5 of #1");
}

TEST_F(MeasuringAgain, TheConfidenceOfPiAutoresearchIsToldOfEachExperiment) {
  for (const double score : {9.0, 8.0, 6.0}) {
    swarm.counted("w", swarm.scored(swarm.work_for("w"), score));
  }
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 30.0));
  pair("w", 30.0);
  pair("x", 31.0);
  const Experiment& kept = swarm.stored.rbegin()->second;
  ASSERT_TRUE(kept.mad_confidence);  // first runs of 10, 9, 8, 6, 30: the median deviation is 1
  EXPECT_NEAR(*kept.mad_confidence, *kept.judged_score - 10.0, 1e-9);
}

TEST_F(MeasuringAgain, ALuckyRunIsNotKept) {
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 14.0));
  ReportCounted answer;
  for (const double score : {10.5, 9.5, 10.2, 10.1}) {
    answer = pair("w", score);
    if (answer.decided) break;
  }
  EXPECT_TRUE(answer.decided);
  EXPECT_EQ(answer.verdict, Verdict::discard);
  EXPECT_EQ(lab().best->number, ExperimentNumber(1));
}

TEST_F(MeasuringAgain, NeverMoreOftenThanMaxRepeats) {
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 11.0));
  int pairs = 0;
  for (bool decided = false; !decided; ++pairs) decided = pair("w", 11.2).decided;
  EXPECT_EQ(pairs, 4) << "five runs of the candidate, with the first";
}

TEST_F(MeasuringAgain, ADeterministicMetricCostsNoRepeats) {
  LabSettings settings = settings_named("exact");
  settings.metric.confidence = 0.95;
  swarm.tell(
      SetLabStatus{.lab = "noisy", .wish = SetLabStatus::Wish::pause, .reason = {}, .who = "ann"});
  swarm.open(settings);
  const Task baseline = swarm.work_for("w");
  Report report = swarm.scored(baseline, 10.0);
  report.more.push_back(swarm.run_of(baseline, *report.tree, 10.0));
  swarm.counted("w", report);
  EXPECT_EQ(swarm.counted("w", swarm.scored(swarm.work_for("w"), 9.0)).verdict, Verdict::keep);
}

TEST_F(MeasuringAgain, ACandidateThatBreaksWhenItRunsAgainIsNotKept) {
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 30.0));
  const Task again = swarm.work_for("w");
  const ReportCounted answer = swarm.counted("w", swarm.ended(again, Outcome::crash));
  EXPECT_EQ(answer.verdict, Verdict::crash);
  EXPECT_EQ(answer.reason, "when it ran again: as the worker saw it");
  EXPECT_TRUE(swarm.stored.rbegin()->second.commit) << "it stays findable";
}

TEST_F(MeasuringAgain, TheSameReportHearsThatItCountedHoweverLate) {
  const Task task = swarm.work_for("w");
  const Report first = swarm.scored(task, 30.0, 100);
  swarm.counted("w", first);
  EXPECT_FALSE(swarm.counted("w", first).decided);
  EXPECT_EQ(lab().budget.spent, MicroUsd(100));
  pair("w", 30.0);
  pair("w", 30.0);
  EXPECT_EQ(swarm.counted("w", first).verdict, Verdict::keep);
  EXPECT_EQ(lab().budget.spent, MicroUsd(100));
  EXPECT_EQ(lab().budget.charged, 2U) << "the baseline and one agent: pairs are no attempts of one";
}

TEST_F(MeasuringAgain, ALostPairIsMeasuredByAnother) {
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 30.0));
  const Task lost = swarm.work_for("w");
  swarm.tell(WorkerLeft{.worker = WorkerName("w"), .session = swarm.sessions["w"]});
  const Task again = swarm.work_for("x");
  EXPECT_EQ(again.id, lost.id);
  EXPECT_NE(again.lease->token, lost.lease->token);
}

TEST_F(MeasuringAgain, ACandidateThatTakesItsWorkersDownIsGivenUp) {
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 30.0));
  for (std::uint32_t i = 0; i <= lab().settings.stop.max_restarts; ++i) {
    swarm.work_for("x");
    swarm.arrive("x");
  }
  const Experiment& one = swarm.stored.rbegin()->second;
  EXPECT_EQ(one.verdict, Verdict::crash);
  EXPECT_EQ(one.measurements.size(), 1U);
}

TEST_F(MeasuringAgain, WhenTheBestMovesOnACandidateIsComparedWithTheNewOne) {
  const Task early = swarm.work_for("w");
  const Task late = swarm.work_for("x");
  swarm.counted("w", swarm.scored(early, 20.0));
  swarm.counted("x", swarm.scored(late, 40.0));
  for (int i = 0; i < 2; ++i) pair("w", 20.0);  // the first in line
  EXPECT_EQ(lab().best->number, early.experiment);
  EXPECT_FALSE(pair("w", 40.0).decided);
  const ReportCounted beats_the_old = pair("w", 40.0);
  EXPECT_FALSE(beats_the_old.decided) << beats_the_old.reason;
  while (!pair("w", 40.0, 20.0).decided) {
  }
  EXPECT_EQ(lab().best->number, late.experiment);
  EXPECT_EQ(swarm.stored.rbegin()->second.evidence->reference, early.experiment);
}

TEST_F(MeasuringAgain, AWorkerOfAnOldReleaseExploresInstead) {
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 30.0));
  Worker old;
  old.name = WorkerName("old");
  old.slots = 1;
  swarm.sessions["old"] = SessionId(77);
  swarm.expect<Welcome>(WorkerArrived{.worker = old, .session = SessionId(77), .held = {}});
  EXPECT_FALSE(swarm.work_for("old").pending);
}

TEST_F(MeasuringAgain, ARunOnOtherMachinesIsComparedThereFirst) {
  const Task task = swarm.work_for("w");
  Report report = swarm.scored(task, 5.0);
  report.measurement->identity.host_class = "slow";
  const ReportCounted answer = swarm.counted("w", report);
  EXPECT_FALSE(answer.decided) << "5 there may be 20 here";
}

TEST_F(MeasuringAgain, APairOfTheWrongCandidatesIsRefused) {
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 30.0));
  const Task task = swarm.work_for("w");
  const Report right = swarm.paired(task, 30.0, task.pending->experiment);
  Report other = right;
  other.measurement->identity.tree = object(3);
  EXPECT_TRUE(std::holds_alternative<Error>(swarm.hand_in("w", other)));
  Report alone = right;
  alone.more.clear();
  EXPECT_TRUE(std::holds_alternative<Error>(swarm.hand_in("w", alone)));
  Report itself = right;
  itself.more.front() = *itself.measurement;
  EXPECT_TRUE(std::holds_alternative<Error>(swarm.hand_in("w", itself)));
  EXPECT_FALSE(swarm.counted("w", right).decided);
}

TEST_F(MeasuringAgain, AReplayGivesTheSameState) {
  State replayed = swarm.state;
  const auto note = [&](const std::vector<Change>& changes) {
    for (const Change& change : changes) evolve(replayed, change);
  };
  swarm.work_for("w");
  note(swarm.last);
  const Task task = swarm.state.tasks.begin()->second;
  swarm.counted("w", swarm.scored(task, 30.0));
  note(swarm.last);
  for (int i = 0; i < 2; ++i) {
    const Task leased = swarm.work_for("w");
    note(swarm.last);
    swarm.counted("w", swarm.paired(leased, 30.0, leased.pending->experiment, 0, 10.0));
    note(swarm.last);
  }
  EXPECT_TRUE(replayed.same_facts(swarm.state));
}

}  // namespace
}  // namespace swarmlab::swarm
