// People on the edges: what they say to agents, candidates of their own, what they take out.
#include <gtest/gtest.h>

#include "common/model/names.h"
#include "coordinator/swarm/rejected.h"
#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

class People : public testing::Test {
 protected:
  SwarmUnderTest swarm;

  People() {
    LabSettings settings = settings_named("pi");
    settings.stop.max_iterations = 0;
    swarm.start(settings);  // the baseline is experiment 1, at 10
  }

  const Lab& lab() const { return swarm.lab("pi"); }

  // An experiment that scores so; its number.
  ExperimentNumber experiment(double score) {
    const Task task = swarm.work_for("w");
    swarm.counted("w", swarm.scored(task, score));
    return task.experiment;
  }

  InjectCandidate injection(std::uint8_t tree, ExperimentNumber parent = ExperimentNumber(1)) {
    AgentNotes notes;
    notes.hypothesis = "by hand";
    return {.lab = "pi",
            .candidate = {.commit = object(90, tree),
                          .tree = object(60, tree),
                          .notes = notes,
                          .injection = Injection{.who = "ann", .from = object(91, tree)}},
            .parent = parent};
  }

  RejectExperiment rejection(ExperimentNumber number, bool descendants = false) {
    return {.lab = "pi",
            .experiment = number,
            .why = "it cheats",
            .descendants = descendants,
            .who = "ann"};
  }
};

TEST_F(People, AHintHoldsUntilItIsWithdrawn) {
  const auto given =
      swarm.expect<HintStands>(GiveHint{.lab = "pi", .text = "try sorting", .who = "ann"});
  EXPECT_EQ(given.number, HintNumber(1));
  ASSERT_TRUE(lab().hints.contains(HintNumber(1)));
  EXPECT_EQ(lab().hints.at(HintNumber(1)).who, "ann");
  const auto taken =
      swarm.expect<HintStands>(WithdrawHint{.lab = "pi", .number = HintNumber(1), .who = "bob"});
  EXPECT_FALSE(taken.holds);
  EXPECT_TRUE(lab().hints.empty());
  const auto again =
      swarm.expect<Error>(WithdrawHint{.lab = "pi", .number = HintNumber(1), .who = "bob"});
  EXPECT_EQ(again.code, ErrorCode::not_found);
}

TEST_F(People, TheSameHintAgainIsTheSameHint) {
  const GiveHint hint{.lab = "pi", .text = "try sorting", .who = "ann"};
  swarm.expect<HintStands>(hint);
  EXPECT_EQ(swarm.expect<HintStands>(hint).number, HintNumber(1));
  EXPECT_TRUE(swarm.last.empty());
  EXPECT_EQ(lab().hints.size(), 1U);
}

TEST_F(People, HintsAreFewAndShort) {
  for (int i = 0; i < 50; ++i) {
    swarm.expect<HintStands>(GiveHint{.lab = "pi", .text = std::to_string(i), .who = "ann"});
  }
  EXPECT_EQ(swarm.expect<Error>(GiveHint{.lab = "pi", .text = "one more", .who = "ann"}).code,
            ErrorCode::conflict);
  for (const std::string& text : {std::string(), std::string("  \n"), std::string(2001, 'x')}) {
    EXPECT_EQ(swarm.expect<Error>(GiveHint{.lab = "pi", .text = text, .who = "ann"}).code,
              ErrorCode::invalid_input);
  }
}

TEST_F(People, ACandidateOfAPersonIsMeasuredAndJudgedLikeAnyOther) {
  const auto injected = swarm.expect<CandidateInjected>(injection(1));
  EXPECT_EQ(injected.experiment, ExperimentNumber(2));
  EXPECT_TRUE(injected.is_new);
  const Task task = swarm.work_for("w");
  EXPECT_EQ(task.kind, TaskKind::inject);
  ASSERT_TRUE(task.candidate);
  EXPECT_EQ(task.candidate->commit, object(90, 1));
  EXPECT_EQ(swarm.counted("w", swarm.scored(task, 9.0)).verdict, Verdict::keep);
  const Experiment& one = swarm.stored.at({lab().id, ExperimentNumber(2)});
  EXPECT_EQ(one.injection, (Injection{.who = "ann", .from = object(91, 1)}));
  EXPECT_EQ(one.notes.hypothesis, "by hand");
  EXPECT_EQ(lab().best->number, ExperimentNumber(2));
  EXPECT_EQ(lab().counters.iterations, 1U);
}

TEST_F(People, NoWorkerMayMeasureSomethingElseInItsPlace) {
  swarm.expect<CandidateInjected>(injection(1));
  const Task task = swarm.work_for("w");
  Report report = swarm.scored(task, 1.0);
  report.commit = object(7);
  const Reply reply = swarm.hand_in("w", report);
  ASSERT_TRUE(std::holds_alternative<Error>(reply));
  EXPECT_FALSE(lab().frontier.contains(ExperimentNumber(2)));
}

TEST_F(People, TheSameCandidateAgainIsTheSameExperiment) {
  swarm.expect<CandidateInjected>(injection(1));
  const auto waits = swarm.expect<CandidateInjected>(injection(1));
  EXPECT_FALSE(waits.is_new);
  EXPECT_EQ(waits.experiment, ExperimentNumber(2));
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 9.0));
  const auto known = swarm.expect<CandidateInjected>(injection(1));
  EXPECT_FALSE(known.is_new);
  EXPECT_EQ(known.experiment, ExperimentNumber(2));
}

TEST_F(People, AWorkerOfAnOldReleaseDoesNotGetThem) {
  swarm.expect<CandidateInjected>(injection(1));
  Worker worker{.name = WorkerName("old"), .host_class = "epyc", .slots = 1, .joined_at = {}};
  swarm.sessions["old"] = SessionId(99);
  swarm.expect<Welcome>(
      WorkerArrived{.worker = worker, .session = swarm.sessions["old"], .held = {}});
  EXPECT_FALSE(swarm.work_for("old").candidate) << "an agent's task";
  EXPECT_TRUE(swarm.work_for("w").candidate);
}

TEST_F(People, NothingIsInjectedIntoAStoppedLabOrOnTopOfWhatIsNotKept) {
  EXPECT_EQ(swarm.expect<Error>(injection(1, ExperimentNumber(9))).code, ErrorCode::unavailable);
  swarm.tell(
      SetLabStatus{.lab = "pi", .wish = SetLabStatus::Wish::stop, .reason = {}, .who = "ann"});
  EXPECT_EQ(swarm.expect<Error>(injection(1)).code, ErrorCode::conflict);
}

TEST_F(People, WhatIsRejectedIsNoParentAndNotTheBestAnyMore) {
  const ExperimentNumber good = experiment(9.0);
  const ExperimentNumber cheat = experiment(1.0);
  EXPECT_EQ(lab().best->number, cheat);
  const auto rejected = swarm.expect<Rejected>(rejection(cheat));
  EXPECT_EQ(rejected.now, std::vector{cheat});
  EXPECT_EQ(rejected.best, good);
  EXPECT_EQ(lab().best->number, good);
  EXPECT_FALSE(lab().frontier.contains(cheat));
  EXPECT_EQ(swarm.stored.at({lab().id, cheat}).rejection->why, "it cheats");
  for (const PolicyKind policy : kPolicies) {
    LabSettings settings = lab().settings;
    settings.policy = policy;
    swarm.open(settings);
    EXPECT_NE(swarm.work_for("w").parent, cheat);
  }
}

TEST_F(People, RejectingAgainChangesNothing) {
  const ExperimentNumber cheat = experiment(1.0);
  swarm.expect<Rejected>(rejection(cheat));
  EXPECT_TRUE(swarm.expect<Rejected>(rejection(cheat)).now.empty());
  EXPECT_TRUE(swarm.last.empty());
}

TEST_F(People, WhatDescendsFromItStaysUnlessItIsToGoToo) {
  const ExperimentNumber cheat = experiment(5.0);
  const ExperimentNumber child = experiment(4.0);
  const ExperimentNumber grandchild = experiment(3.0);
  const auto rejected = swarm.expect<Rejected>(rejection(cheat));
  EXPECT_EQ(rejected.descendants, (std::vector{child, grandchild}));
  EXPECT_EQ(lab().best->number, grandchild);
  EXPECT_EQ(rejected_above(lab(), lab().frontier.at(grandchild).parent), cheat);
  EXPECT_EQ(rejected_above(lab(), ExperimentNumber(1)), std::nullopt);
  EXPECT_EQ(swarm.expect<Rejected>(rejection(cheat, true)).now, (std::vector{child, grandchild}));
  EXPECT_EQ(lab().best->number, ExperimentNumber(1));
}

TEST_F(People, OnlyWhatIsKeptAndNoBaselineCanBeRejected) {
  const ExperimentNumber bad = experiment(11.0);
  EXPECT_EQ(swarm.expect<Error>(rejection(bad)).code, ErrorCode::conflict);
  EXPECT_EQ(swarm.expect<Error>(rejection(ExperimentNumber(1))).code, ErrorCode::conflict);
  RejectExperiment without_reason = rejection(experiment(5.0));
  without_reason.why.clear();
  EXPECT_EQ(swarm.expect<Error>(without_reason).code, ErrorCode::invalid_input);
}

TEST_F(People, WhatWaitsToStartFromItIsDroppedAndWhatRunsGoesOn) {
  const ExperimentNumber cheat = experiment(5.0);
  const Task runs = swarm.work_for("w");
  const Task waits = swarm.work_for("w");
  swarm.stale("w", swarm.ended(waits, Outcome::returned));
  swarm.expect<Rejected>(rejection(cheat));
  EXPECT_TRUE(swarm.state.tasks.contains(runs.id));
  EXPECT_FALSE(swarm.state.tasks.contains(waits.id));
  EXPECT_EQ(swarm.counted("w", swarm.scored(runs, 4.0)).verdict, Verdict::keep);
  EXPECT_EQ(rejected_above(lab(), runs.parent), cheat);
}

TEST_F(People, WhatWasComparedWithARejectedOneIsComparedWithTheBestInstead) {
  LabSettings settings = lab().settings;
  settings.metric.confidence = 0.8;
  settings.metric.max_repeats = 10;
  swarm.open(settings);
  ExperimentNumber cheat;
  for (int tries = 0; tries < 40 && lab().best->number == ExperimentNumber(1); ++tries) {
    const Task task = swarm.work_for("w");
    cheat = task.experiment;
    swarm.counted("w", swarm.scored(task, 5.0 + 0.01 * tries));
  }
  ASSERT_EQ(lab().best->number, cheat) << "a candidate that is better each time is kept";
  const Task first = swarm.work_for("w");
  swarm.counted("w", swarm.scored(first, 2.0));
  const Task again = swarm.work_for("w");
  ASSERT_TRUE(again.pending);
  ASSERT_EQ(again.pending->reference, cheat);
  swarm.expect<Rejected>(rejection(cheat));
  swarm.counted("w", swarm.scored(again, 2.0));
  const Task anew = swarm.work_for("w");
  ASSERT_TRUE(anew.pending);
  EXPECT_EQ(anew.pending->reference, ExperimentNumber(1));
}

TEST_F(People, WhatAnAgentAnnouncesIsKnownWhileItsLeaseHolds) {
  const Task task = swarm.work_for("w");
  const HeldLease lease{.task = task.id, .token = task.lease->token};
  Heartbeat beat{.worker = WorkerName("w"),
                 .session = swarm.sessions["w"],
                 .held = {lease},
                 .announced = {{.lease = lease, .said = {"sort first", "fewer misses"}}}};
  swarm.tell(beat);
  EXPECT_EQ(swarm.state.presence.announced.at(task.id).hypothesis, "sort first");
  swarm.tell(beat);
  EXPECT_TRUE(swarm.last_of<HypothesisAnnounced>().empty()) << "it is known already";
  beat.announced[0].lease.token = FencingToken(99);
  beat.announced[0].said.hypothesis = "of another";
  swarm.tell(beat);
  EXPECT_EQ(swarm.state.presence.announced.at(task.id).hypothesis, "sort first");
  swarm.counted("w", swarm.scored(task, 9.0));
  EXPECT_TRUE(swarm.state.presence.announced.empty());
}

TEST_F(People, NearDuplicatesAreMarkedAndWhereTheLabWantsItNotMeasured) {
  Task task = swarm.work_for("w");
  Report measured = swarm.scored(task, 9.0);
  measured.near_duplicate = NearDuplicate{.of = ExperimentNumber(1), .similarity = 0.95};
  swarm.counted("w", measured);
  EXPECT_EQ(swarm.stored.at({lab().id, task.experiment}).near_duplicate, measured.near_duplicate);
  LabSettings settings = lab().settings;
  settings.search.near_duplicates = NearDuplicates::skip;
  swarm.open(settings);
  task = swarm.work_for("w");
  Report skipped = swarm.ended(task, Outcome::duplicate);
  skipped.tree = object(61, 1);
  skipped.near_duplicate = NearDuplicate{.of = ExperimentNumber(2), .similarity = 0.95};
  EXPECT_EQ(swarm.counted("w", skipped).verdict, Verdict::duplicate);
  EXPECT_EQ(swarm.stored.at({lab().id, task.experiment}).duplicate_of, ExperimentNumber(2));
  EXPECT_FALSE(lab().trees.contains(object(61, 1))) << "nothing came of this tree";
}

}  // namespace
}  // namespace swarmlab::swarm
