// A lab that wants what is small: what is no worse and smaller becomes the best, and kept changes
// are tried to be taken out of it again.
#include "coordinator/swarm/simplicity.h"

#include <cmath>
#include <random>

#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

// Lower is better.
class Simpler : public testing::Test {
 protected:
  SwarmUnderTest swarm;
  LabSettings settings = settings_named("lab");

  Simpler() {
    settings.search.simplicity.counts = true;
    settings.search.simplicity.after = 2;
    settings.stop.max_iterations = 0;
  }

  // A lab whose baseline scores 10 and has 100 lines.
  void start() {
    swarm.open(settings);
    swarm.arrive("w");
    report(10.0, 100);
  }
  ReportCounted hand_in(const std::string& worker, const Report& report,
                        std::optional<std::uint64_t> lines) {
    return swarm.expect<ReportCounted>(ReportArrived{
        .worker = WorkerName(worker), .report = report, .decided = {}, .lines = lines});
  }
  // What the next work of "w" scores; of a pair: beside what it is compared with.
  ReportCounted report(double score, std::optional<std::uint64_t> lines,
                       std::optional<double> beside = {}) {
    const Task task = swarm.work_for("w");
    const Report report = task.pending
                              ? swarm.paired(task, score, task.pending->experiment, 0, beside)
                              : swarm.scored(task, score);
    return hand_in("w", report, lines);
  }
  [[nodiscard]] const Lab& lab() const { return swarm.lab("lab"); }
  [[nodiscard]] const Experiment& last() const { return swarm.stored.rbegin()->second; }
};

using SimplerCandidates = Simpler;

TEST_F(SimplerCandidates, BecomeTheBestIfTheyAreNoWorse) {
  start();
  EXPECT_EQ(lab().best->size, 100.0);
  EXPECT_EQ(report(10.0, 90).verdict, Verdict::keep);
  EXPECT_EQ(lab().best->number, ExperimentNumber(2));
  EXPECT_EQ(lab().best->size, 90.0);
  EXPECT_TRUE(last().simpler);
  EXPECT_EQ(last().reason,
            "10 is no worse than 10 of #1; smaller than #1: 90 lines instead of 100");
  EXPECT_EQ(report(10.0, 95).verdict, Verdict::discard) << "the best is smaller by now";
  EXPECT_EQ(report(10.1, 10).verdict, Verdict::discard) << "it is worse";
}

TEST_F(SimplerCandidates, AreNoNewBestsForWhatIsExpected) {
  start();
  report(10.0, 90);
  EXPECT_EQ(lab().prospects.memories.back().successes, 0.0);
  EXPECT_EQ(lab().prospects.memories.back().failures, 1.0);
  report(9.0, 200);
  EXPECT_EQ(lab().prospects.memories.back().successes, 1.0);
}

TEST_F(SimplerCandidates, CountForNothingInALabThatDoesNotAskForThem) {
  settings.search.simplicity = {};
  start();
  EXPECT_EQ(report(10.0, 90).verdict, Verdict::discard);
  EXPECT_EQ(last().size, std::nullopt);
}

TEST_F(SimplerCandidates, NeedASizeThatIsKnown) {
  start();
  EXPECT_EQ(report(10.0, std::nullopt).verdict, Verdict::discard);
}

TEST_F(SimplerCandidates, CanBeSmallerByAMetricOfTheLab) {
  settings.search.simplicity.metric = "parameters";
  swarm.open(settings);
  swarm.arrive("w");
  const auto scored = [&](double parameters) {
    Report report = swarm.scored(swarm.work_for("w"), 10.0);
    report.measurement->metrics = {{"parameters", parameters}};
    return hand_in("w", report, 1).verdict;
  };
  scored(1e6);
  EXPECT_EQ(scored(2e6), Verdict::discard);
  EXPECT_EQ(scored(5e5), Verdict::keep);
  EXPECT_EQ(lab().best->size, 5e5);
  EXPECT_NE(last().reason.find("500000 parameters instead of 1e+06"), std::string::npos);
}

TEST_F(SimplerCandidates, AreComparedAnewWhenAnotherUnitSaysHowLargeTheyAre) {
  start();
  settings.search.simplicity.metric = "parameters";
  EXPECT_TRUE(swarm.open(settings).new_segment);
  settings.search.simplicity.after = 7;
  EXPECT_FALSE(swarm.open(settings).new_segment);
}

// Runs of a noisy metric, where a gain of 1 counts and so a loss of 1 is allowed.
class SmallLosses : public Simpler {
 protected:
  SmallLosses() {
    settings.metric.confidence = 0.9;
    settings.metric.max_repeats = 3;
    settings.metric.min_improvement.amount = 1.0;
  }
  void start() {
    swarm.open(settings);
    swarm.arrive("w");
    Report baseline = swarm.scored(swarm.work_for("w"), 10.0);
    for (const double score : {10.1, 9.9}) {
      baseline.more.push_back(*baseline.measurement);
      baseline.more.back().score = score;
    }
    hand_in("w", baseline, 100);
  }
  // A candidate of that score in every run, beside references that score as they do in truth.
  Verdict decide(double score, std::uint64_t lines) {
    ReportCounted counted = report(score, lines);
    while (!counted.decided) {
      const Task task = swarm.work_for("w");
      const double truth = truth_.at(task.pending->reference);
      wobble_ = -wobble_;
      counted = hand_in(
          "w", swarm.paired(task, score + wobble_, task.pending->experiment, 0, truth), lines);
    }
    truth_[last().number] = score;
    return counted.verdict;
  }
  std::map<ExperimentNumber, double> truth_{{ExperimentNumber(1), 10.0}};
  double wobble_ = 0.01;
};

TEST_F(SmallLosses, AreConcededOnceWithinTheMargin) {
  start();
  EXPECT_EQ(decide(10.5, 90), Verdict::keep);
  EXPECT_TRUE(last().simpler);
  EXPECT_EQ(lab().best->number, ExperimentNumber(2));
  EXPECT_EQ(lab().best->conceded_from, ExperimentNumber(1));
}

TEST_F(SmallLosses, DoNotAddUp) {
  start();
  EXPECT_EQ(decide(10.5, 90), Verdict::keep);
  // No worse than #2 by the margin, but than #1, which #2 conceded from.
  EXPECT_EQ(decide(11.1, 80), Verdict::discard);
  // However many steps it takes, no further than the margin below #1.
  std::uint64_t lines = 90;
  for (double score = 10.52; score < 12.0; score += 0.02) decide(score, --lines);
  EXPECT_LT(lab().best->score, 11.0);
  EXPECT_GT(lab().best->score, 10.5);
  EXPECT_EQ(lab().best->conceded_from, ExperimentNumber(1));
}

TEST_F(SmallLosses, AreMeasuredFromTheBestThatEverWas) {
  start();
  EXPECT_EQ(decide(10.8, 90), Verdict::keep);
  // Better than the best by what counts, but not than the baseline: that one stays the measure.
  EXPECT_EQ(decide(9.75, 200), Verdict::keep);
  EXPECT_EQ(lab().best->conceded_from, std::nullopt) << "9.75 is better than 10";
  EXPECT_EQ(decide(10.5, 90), Verdict::keep);
  EXPECT_EQ(lab().best->conceded_from, lab().best->parent) << "from 9.75";
}

TEST_F(SmallLosses, AreNotForgottenByAGainThatDoesNotMakeUpForThem) {
  settings.metric.min_improvement.amount = 0.3;
  start();
  EXPECT_EQ(decide(10.1, 90), Verdict::keep);
  // As if a lucky one had been kept: it is better than the best, but not than the baseline.
  Experiment lucky;
  lucky.kind = TaskKind::explore;
  lucky.judged_score = 10.05;
  EXPECT_EQ(conceded_from(lab(), lucky, true), ExperimentNumber(1));
  lucky.judged_score = 9.8;
  EXPECT_EQ(conceded_from(lab(), lucky, true), std::nullopt);
  EXPECT_EQ(conceded_from(lab(), lucky, false), std::nullopt);
}

// 100 lines, then #2 with 10 more and #3 with 20 more, each better than before; then nothing
// better.
class Simplifications : public Simpler {
 protected:
  void start() {
    Simpler::start();
    report(9.0, 110);
    report(8.0, 130);
  }
  void stall() {
    fail();
    fail();
  }
  void fail() { report(20.0, 150); }
  void fail(const Task& task) {
    EXPECT_EQ(hand_in("w", swarm.scored(task, 20.0), 1).verdict, Verdict::discard);
  }

  Task take(TaskKind kind) {
    const Task task = swarm.work_for("w");
    EXPECT_EQ(task.kind, kind);
    return task;
  }
};

TEST_F(Simplifications, TakeAKeptChangeOutOfTheBestOnceNothingBetterIsFound) {
  start();
  fail();
  EXPECT_EQ(swarm.work_for("w").kind, TaskKind::explore) << "one without a better one, not two";
  fail();
  const Task task = take(TaskKind::simplify);
  EXPECT_EQ(task.parent, ExperimentNumber(3));
  EXPECT_EQ(task.parent_commit, lab().frontier.at(ExperimentNumber(3)).commit);
  ASSERT_TRUE(task.merge);
  EXPECT_EQ(task.merge->other, ExperimentNumber(2));
  EXPECT_EQ(task.merge->base, lab().frontier.at(ExperimentNumber(2)).commit);
  EXPECT_EQ(task.merge->commit, lab().frontier.at(ExperimentNumber(1)).commit);
  EXPECT_EQ(task.picked_because, "#3, the best, without the 10 lines that #2 added");
}

TEST_F(Simplifications, AreKeptIfTheScoreHolds) {
  start();
  stall();
  const Task task = take(TaskKind::simplify);
  EXPECT_EQ(hand_in("w", swarm.scored(task, 8.0), 120).verdict, Verdict::keep);
  EXPECT_EQ(last().undoes, ExperimentNumber(2));
  EXPECT_EQ(last().merged_with, std::nullopt);
  EXPECT_TRUE(last().simpler);
  EXPECT_EQ(lab().best->number, task.experiment);
  EXPECT_EQ(lab().best->undoes, ExperimentNumber(2));
  EXPECT_EQ(lab().counters.without_keep, 2U) << "neither a find nor a failure to find";
  EXPECT_EQ(lab().counters.iterations, 5U) << "but an experiment";
}

TEST_F(Simplifications, ThatCostScoreAreDiscarded) {
  start();
  stall();
  EXPECT_EQ(hand_in("w", swarm.scored(take(TaskKind::simplify), 9.5), 120).verdict,
            Verdict::discard);
  EXPECT_EQ(lab().best->number, ExperimentNumber(3));
}

TEST_F(Simplifications, TryEachChangeOnceForABest) {
  start();
  report(7.0, 160);
  stall();
  const Task first = take(TaskKind::simplify);
  EXPECT_EQ(first.merge->other, ExperimentNumber(3)) << "the newest first";
  fail(first);
  const Task second = take(TaskKind::simplify);
  EXPECT_EQ(second.merge->other, ExperimentNumber(2));
  fail(second);
  fail(take(TaskKind::explore));
  take(TaskKind::explore);
}

TEST_F(Simplifications, GoOnFromWhatWasSimplified) {
  start();
  report(7.0, 160);
  stall();
  const Task first = take(TaskKind::simplify);
  EXPECT_EQ(hand_in("w", swarm.scored(first, 7.0), 140).verdict, Verdict::keep);
  const Task second = take(TaskKind::simplify);
  EXPECT_EQ(second.parent, first.experiment);
  EXPECT_EQ(second.merge->other, ExperimentNumber(2)) << "#3 is out already";
  EXPECT_EQ(hand_in("w", swarm.scored(second, 7.0), 130).verdict, Verdict::keep);
  take(TaskKind::explore);
  EXPECT_EQ(lab().best->size, 130.0);
  EXPECT_EQ(lab().best->score, 7.0);
}

TEST_F(Simplifications, BeginAnewWithANewBest) {
  start();
  stall();
  EXPECT_EQ(hand_in("w", swarm.scored(take(TaskKind::simplify), 9.5), 120).verdict,
            Verdict::discard);
  report(5.0, 131);
  stall();
  const Task again = take(TaskKind::simplify);
  EXPECT_EQ(again.merge->other, ExperimentNumber(3));
  fail(again);
  EXPECT_EQ(take(TaskKind::simplify).merge->other, ExperimentNumber(2))
      << "the new best may do without it";
}

TEST_F(Simplifications, ThatConflictAreRememberedAsTried) {
  start();
  stall();
  const Task task = take(TaskKind::simplify);
  EXPECT_EQ(swarm.counted("w", swarm.ended(task, Outcome::no_change)).verdict, Verdict::no_change);
  EXPECT_EQ(lab().simplifying,
            (Simplifying{.champion = ExperimentNumber(3), .step = ExperimentNumber(2)}));
  EXPECT_EQ(swarm.work_for("w").kind, TaskKind::explore);
}

TEST_F(Simplifications, TakeOutOnlyWhatMadeItLarger) {
  Simpler::start();
  report(9.0, 100);
  report(8.0, 90);
  report(7.0, 95);
  report(6.0, 90);
  stall();
  const Task task = take(TaskKind::simplify);
  EXPECT_EQ(task.merge->other, ExperimentNumber(4));
  fail(task);
  take(TaskKind::explore);
}

TEST_F(Simplifications, ComeOneAtATime) {
  start();
  stall();
  swarm.arrive("x");
  take(TaskKind::simplify);
  EXPECT_EQ(swarm.work_for("x").kind, TaskKind::explore);
}

TEST_F(Simplifications, AreLeftToWorkersThatKnowThem) {
  start();
  stall();
  swarm.arrive("old", std::string());
  EXPECT_EQ(swarm.work_for("old").kind, TaskKind::explore);
  take(TaskKind::simplify);
}

TEST_F(Simplifications, ComeOnlyWhereTheLabWantsThem) {
  settings.search.simplicity.after = 0;
  start();
  stall();
  EXPECT_EQ(swarm.work_for("w").kind, TaskKind::explore);
}

TEST_F(Simplifications, NeverOvershootTheLimit) {
  settings.stop.max_iterations = 5;
  start();
  stall();
  EXPECT_EQ(lab().counters.iterations, 4U);
  swarm.arrive("x");
  take(TaskKind::simplify);
  swarm.nothing_for("x");
}

TEST_F(Simplifications, ReserveNoMoneyForAnAgent) {
  start();
  stall();
  EXPECT_EQ(take(TaskKind::simplify).lease->reserved, MicroUsd(0));
}

TEST_F(Simplifications, AreForgottenWithWhatAPersonRejected) {
  start();
  report(7.0, 160);
  swarm.expect<Rejected>(RejectExperiment{.lab = "lab",
                                          .experiment = ExperimentNumber(3),
                                          .why = "it cheats",
                                          .descendants = false,
                                          .who = "ann"});
  stall();
  EXPECT_EQ(take(TaskKind::simplify).merge->other, ExperimentNumber(2));
}

}  // namespace
}  // namespace swarmlab::swarm
