// The ladder: kept candidates climb to larger scales as results come in, and are compared with the
// champion of that scale there.
#include "coordinator/swarm/climb.h"
#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

using ladder::Standing;

Scale scale_named(const char* name, double fraction = 0.5) {
  Scale scale{.name = name};
  scale.promotion.fraction = fraction;
  return scale;
}

class ALadder : public testing::Test {
 protected:
  SwarmUnderTest swarm;

  static LabSettings settings() {
    LabSettings settings = settings_named("tower");
    settings.metric.direction = Direction::maximize;
    settings.scales = {scale_named("small"), scale_named("large"), scale_named("huge")};
    settings.scale = "small";
    return settings;
  }

  void SetUp() override { swarm.start(settings()); }

  [[nodiscard]] const Lab& lab() const { return swarm.lab("tower"); }
  [[nodiscard]] const ladder::Rung& large() const { return lab().rungs.at(0); }

  void tick() {
    swarm.pass(Milliseconds(300));
    swarm.tell(Heartbeat{.worker = WorkerName("w"), .session = swarm.sessions["w"], .held = {}});
    swarm.expect<Done>(TimePassed{});
  }

  // A candidate that is kept; it is the best by now.
  ExperimentNumber keep(double score) {
    const Task task = swarm.work_for("w");
    EXPECT_EQ(task.kind, TaskKind::explore);
    EXPECT_EQ(swarm.counted("w", swarm.scored(task, score)).verdict, Verdict::keep);
    return task.experiment;
  }

  // The next task must be a promotion: it scores that.
  Task measure(double score) {
    const Task task = swarm.work_for("w");
    EXPECT_EQ(task.kind, TaskKind::promote);
    swarm.counted("w", swarm.scored(task, score));
    return task;
  }

  RejectExperiment reject(ExperimentNumber number) const {
    return {.lab = "tower", .experiment = number, .why = "no", .descendants = false, .who = "ann"};
  }

  // Two kept ones, of which the better climbs; its scale's baseline is measured.
  ExperimentNumber climbs(double baseline_there) {
    keep(11.0);
    const ExperimentNumber better = keep(12.0);
    tick();
    tick();
    EXPECT_EQ(measure(baseline_there).experiment, ExperimentNumber(1));
    tick();
    return better;
  }
};

TEST_F(ALadder, PromotesNobodyBeforeTheFloor) {
  keep(11.0);
  tick();
  EXPECT_TRUE(large().climbs.empty()) << "of one, half is nobody";
}

TEST_F(ALadder, MeasuresTheBaselineFirstWhichIsTheFirstChampion) {
  const ExperimentNumber better = climbs(100.0);
  EXPECT_EQ(large().champion, ExperimentNumber(1));
  EXPECT_EQ(large().climbs.at(better).standing, Standing::running);
  EXPECT_EQ(large().begun, 1U) << "the baseline is not counted";
  EXPECT_FALSE(champion_of(lab())) << "no candidate was measured there";
}

TEST_F(ALadder, APromotionIsNoExperiment) {
  const auto before = lab().counters;
  const auto next = lab().next_experiment;
  climbs(100.0);
  measure(90.0);
  EXPECT_EQ(lab().counters.experiments, before.experiments + 2) << "the two that were kept";
  EXPECT_EQ(lab().next_experiment.value(), next.value() + 2);
}

TEST_F(ALadder, TheChampionChangesOnlyAfterAFreshPair) {
  const ExperimentNumber better = climbs(100.0);
  const Task first = measure(120.0);
  EXPECT_EQ(large().champion, ExperimentNumber(1)) << "however exact the metric is";
  const Task again = swarm.work_for("w");
  EXPECT_EQ(again.id, first.id);
  ASSERT_TRUE(again.pending);
  EXPECT_EQ(again.pending->reference, ExperimentNumber(1));
  swarm.counted("w", swarm.scored(again, 121.0));
  EXPECT_EQ(large().champion, better);
  EXPECT_EQ(champion_of(lab())->number, better);
  EXPECT_EQ(champion_of(lab())->scale, 1U);
  EXPECT_EQ(lab().best->number, better) << "where the search goes on is another matter";
}

TEST_F(ALadder, AFreshPairThatSaysOtherwiseLeavesTheChampion) {
  const ExperimentNumber better = climbs(100.0);
  measure(120.0);
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 99.0));
  EXPECT_EQ(large().champion, ExperimentNumber(1));
  EXPECT_TRUE(large().climbs.at(better).has_score());
}

TEST_F(ALadder, WhoIsWorseThereThanTheChampionIsDemotedAndClimbsNoFurther) {
  const ExperimentNumber better = climbs(100.0);
  measure(90.0);
  EXPECT_EQ(large().climbs.at(better).standing, Standing::demoted);
  EXPECT_EQ(swarm.state.index.labs.at(lab().id).rankings.at(1).entrants(), 0U);
  EXPECT_TRUE(lab().frontier.contains(better)) << "at its own scale it is what it was";
}

TEST_F(ALadder, AChampionThatAPersonRejectsMakesRoomForTheBestOfTheOthersThere) {
  const ExperimentNumber better = climbs(100.0);
  measure(120.0);
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 121.0));
  ASSERT_EQ(large().champion, better);
  swarm.expect<Rejected>(reject(better));
  EXPECT_EQ(large().champion, ExperimentNumber(1)) << "the baseline stands at each scale";
  EXPECT_FALSE(champion_of(lab())) << "nobody stands at a larger scale any more";
  EXPECT_EQ(large().climbs.at(better).standing, Standing::rejected);
  EXPECT_TRUE(large().climbs.at(better).has_score()) << "what was measured was measured";
  EXPECT_EQ(large().climbs.at(better).who, "ann");
  tick();
  EXPECT_EQ(swarm.work_for("w").kind, TaskKind::explore) << "it does not climb again";
}

TEST_F(ALadder, WhatIsMeasuredAtALargerScaleIsNotRejectedMeanwhile) {
  const ExperimentNumber better = climbs(100.0);
  const Task climbing = swarm.work_for("w");
  ASSERT_EQ(climbing.experiment, better);
  const auto refused = swarm.expect<Error>(reject(better));
  EXPECT_EQ(refused.code, ErrorCode::conflict);
  EXPECT_NE(refused.message.find("is being measured at scale large"), std::string::npos);
  swarm.counted("w", swarm.scored(climbing, 90.0));
  swarm.expect<Rejected>(reject(better));
  EXPECT_EQ(large().climbs.at(better).standing, Standing::rejected);
}

TEST_F(ALadder, OnlyWorkersThatFitTheScaleMeasureThere) {
  LabSettings settings = ALadder::settings();
  settings.scales[1].needs = Needs{.amount = {.gpus = 8}, .labels = {"h100"}};
  swarm.open(settings);
  keep(11.0);
  keep(12.0);
  tick();
  tick();
  EXPECT_EQ(swarm.work_for("w").kind, TaskKind::explore) << "it goes on with what it can do";
  Worker large{.name = WorkerName("big"), .host_class = "dgx", .slots = 1, .joined_at = {}};
  large.scales = true;
  large.capacity.gpus = {"0", "1", "2", "3", "4", "5", "6", "7"};
  large.capacity.labels = {"h100"};
  swarm.sessions["big"] = SessionId(77);
  swarm.expect<Welcome>(WorkerArrived{.worker = large, .session = SessionId(77), .held = {}});
  const Task task = swarm.work_for("big");
  EXPECT_EQ(task.kind, TaskKind::promote);
  EXPECT_EQ(task.lease->takes.gpus, 8U);
}

TEST_F(ALadder, AnOldReleaseGetsNothingOfALabWithScales) {
  Worker old{.name = WorkerName("old"), .host_class = "epyc", .slots = 1, .joined_at = {}};
  swarm.sessions["old"] = SessionId(55);
  swarm.expect<Welcome>(WorkerArrived{.worker = old, .session = SessionId(55), .held = {}});
  EXPECT_NE(swarm.nothing_for("old").find("scales"), std::string::npos);
}

TEST_F(ALadder, ASpentBudgetClosesTheScale) {
  LabSettings settings = ALadder::settings();
  settings.scales[1].max_experiments = 1;
  swarm.open(settings);
  climbs(100.0);
  measure(90.0);
  keep(13.0);
  keep(14.0);
  tick();
  tick();
  EXPECT_EQ(large().climbs.size(), 2U) << "the baseline and one";
  EXPECT_NE(why_closed(lab(), 1), "");
}

TEST_F(ALadder, ABaselineThatFailsThereClosesTheScaleUntilTheSettingsChange) {
  keep(11.0);
  keep(12.0);
  tick();
  tick();
  swarm.counted("w", swarm.ended(swarm.work_for("w"), Outcome::timeout));
  EXPECT_NE(why_closed(lab(), 1), "");
  tick();
  EXPECT_EQ(swarm.work_for("w").kind, TaskKind::explore);
  LabSettings settings = ALadder::settings();
  settings.scales[1].timeout = std::chrono::hours(2);
  swarm.open(settings);
  EXPECT_EQ(why_closed(lab(), 1), "");
}

TEST_F(ALadder, ALabThatSearchedEnoughEndsOnceWhatWasPromotedIsMeasured) {
  LabSettings settings = ALadder::settings();
  settings.stop.max_iterations = 2;
  swarm.open(settings);
  climbs(100.0);
  EXPECT_EQ(lab().status, LabStatus::running);
  measure(90.0);
  tick();
  EXPECT_EQ(lab().status, LabStatus::stopped);
}

TEST_F(ALadder, AMeasurementThatIsLostTooOftenIsGivenUp) {
  LabSettings settings = ALadder::settings();
  settings.stop.max_restarts = 0;
  swarm.open(settings);
  const ExperimentNumber better = climbs(100.0);
  EXPECT_EQ(swarm.work_for("w").kind, TaskKind::promote);
  swarm.arrive("w");  // anew, without it
  EXPECT_EQ(large().climbs.at(better).standing, Standing::failed);
  EXPECT_TRUE(swarm.state.tasks.empty());
}

TEST_F(ALadder, AReportThatComesTwiceCountsOnce) {
  climbs(100.0);
  const Task task = swarm.work_for("w");
  const Report report = swarm.scored(task, 90.0);
  const ReportCounted first = swarm.counted("w", report);
  const ReportCounted again = swarm.counted("w", report);
  EXPECT_EQ(first.reason, again.reason);
  EXPECT_TRUE(swarm.last.empty());
}

TEST_F(ALadder, AMeasurementAtAnotherScaleIsRefused) {
  climbs(100.0);
  Report report = swarm.scored(swarm.work_for("w"), 90.0);
  report.measurement->identity.scale = "small";
  EXPECT_TRUE(std::holds_alternative<Error>(swarm.hand_in("w", report)));
}

TEST_F(ALadder, APersonSaysWhetherItClimbsWhereTheScaleAsks) {
  LabSettings settings = ALadder::settings();
  settings.scales[1].promotion.approve = true;
  swarm.open(settings);
  keep(11.0);
  const ExperimentNumber better = keep(12.0);
  tick();
  EXPECT_EQ(large().climbs.at(better).standing, Standing::proposed);
  tick();
  EXPECT_TRUE(swarm.state.tasks.empty());
  SteerCandidate yes{.lab = "tower", .experiment = better, .reason = {}, .who = "ann"};
  swarm.expect<Done>(yes);
  EXPECT_EQ(large().climbs.at(better).standing, Standing::promoted);
  EXPECT_EQ(large().climbs.at(better).who, "ann");
  tick();
  EXPECT_EQ(swarm.work_for("w").experiment, ExperimentNumber(1)) << "the baseline comes first";
}

TEST_F(ALadder, WhatAPersonRejectsDoesNotClimb) {
  LabSettings settings = ALadder::settings();
  settings.scales[1].promotion.approve = true;
  swarm.open(settings);
  keep(11.0);
  const ExperimentNumber better = keep(12.0);
  tick();
  SteerCandidate no{.lab = "tower",
                    .experiment = better,
                    .wish = SteerCandidate::Wish::reject,
                    .reason = "it cheats",
                    .who = "ann"};
  swarm.expect<Done>(no);
  tick();
  EXPECT_EQ(large().climbs.at(better).standing, Standing::rejected);
  EXPECT_EQ(large().climbs.at(better).reason, "it cheats");
  EXPECT_TRUE(swarm.state.tasks.empty());
}

TEST_F(ALadder, APersonPromotesPastTheRule) {
  const ExperimentNumber only = keep(11.0);
  swarm.expect<Done>(
      SteerCandidate{.lab = "tower", .experiment = only, .reason = {}, .who = "ann"});
  tick();
  measure(100.0);
  tick();
  EXPECT_EQ(swarm.work_for("w").experiment, only);
}

TEST_F(ALadder, AMarginLetsThoseClimbThatAreAheadByIt) {
  LabSettings settings = ALadder::settings();
  settings.scales[1].promotion = {.fraction = 0.0, .margin = {.amount = 0.1, .relative = true}};
  swarm.open(settings);
  keep(10.5);
  tick();
  EXPECT_TRUE(large().climbs.empty()) << "five per cent over the baseline";
  const ExperimentNumber ahead = keep(11.5);
  tick();
  EXPECT_TRUE(large().climbs.contains(ahead));
}

TEST_F(ALadder, ANewSegmentBeginsAnew) {
  climbs(100.0);
  swarm.open(settings(), measured_by(8));
  EXPECT_TRUE(large().climbs.empty());
  EXPECT_FALSE(large().champion);
  EXPECT_TRUE(swarm.state.tasks.empty());
}

TEST_F(ALadder, GoesOnUpAsResultsComeIn) {
  const ExperimentNumber first = climbs(100.0);
  measure(120.0);
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 120.0));
  const ExperimentNumber second = keep(13.0);
  tick();
  tick();
  measure(130.0);
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 130.0));
  EXPECT_EQ(large().champion, second);
  tick();
  EXPECT_TRUE(lab().rungs.at(1).climbs.contains(second)) << "the better half of two";
  EXPECT_FALSE(lab().rungs.at(1).climbs.contains(first));
}

TEST(AHoldout, IsMeasuredOfWhatIsKeptAndNeverDecides) {
  SwarmUnderTest swarm;
  LabSettings settings = settings_named("tower");
  settings.metric.direction = Direction::maximize;
  Segment segment = measured_by(7);
  segment.holdout_hash = object(9);
  swarm.open(settings, segment);
  swarm.arrive("w");
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 10.0));
  const Task of_baseline = swarm.work_for("w");
  EXPECT_EQ(of_baseline.kind, TaskKind::holdout);
  Report wrong = swarm.scored(of_baseline, 5.0);
  wrong.measurement->identity.data = segment.data_hash;
  EXPECT_TRUE(std::holds_alternative<Error>(swarm.hand_in("w", wrong)));
  swarm.counted("w", swarm.scored(of_baseline, 5.0));
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 9.0));  // discarded
  EXPECT_EQ(swarm.work_for("w").kind, TaskKind::explore) << "only what is kept";
  EXPECT_EQ(swarm.lab("tower").holdout.size(), 1U);
  EXPECT_DOUBLE_EQ(swarm.lab("tower").holdout.begin()->second.score, 5.0);
  EXPECT_DOUBLE_EQ(swarm.lab("tower").best->score, 10.0);
}

}  // namespace
}  // namespace swarmlab::swarm
