// Labs are opened again, changed, paused and stopped by people.
#include <gtest/gtest.h>

#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

using Wish = SetLabStatus::Wish;

class Labs : public testing::Test {
 protected:
  SwarmUnderTest swarm;
  LabSettings settings = settings_named("lab");

  Reply steer(Wish wish, const std::string& lab = "lab", const std::string& reason = {}) {
    return swarm.tell(SetLabStatus{.lab = lab, .wish = wish, .reason = reason, .who = "ann"});
  }
  void steered(Wish wish, const std::string& reason = {}) {
    const Reply reply = steer(wish, "lab", reason);
    EXPECT_TRUE(std::holds_alternative<LabsSteered>(reply)) << SwarmUnderTest::said(reply);
  }
  std::string conflict(Wish wish) {
    const Reply reply = steer(wish);
    const auto* error = std::get_if<Error>(&reply);
    if (error == nullptr) return "no error";
    EXPECT_EQ(error->code, ErrorCode::conflict);
    EXPECT_TRUE(swarm.last.empty());
    return error->message;
  }
};

TEST_F(Labs, ANewOneRunsAndItsFirstTaskIsTheBaseline) {
  const LabIsOpen reply = swarm.open(settings);
  EXPECT_FALSE(reply.resumed);
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::running);
  swarm.arrive("w");
  const Task task = swarm.work_for("w");
  EXPECT_EQ(task.kind, TaskKind::baseline);
  EXPECT_EQ(task.experiment, ExperimentNumber(1));
  EXPECT_EQ(task.parent, std::nullopt);
  EXPECT_EQ(task.parent_commit, swarm.lab("lab").segment.lab_commit);
  EXPECT_EQ(task.picked_because, "baseline of segment 1");
}

TEST_F(Labs, NothingIsExploredBeforeTheBaselineIsMeasured) {
  swarm.open(settings);
  swarm.arrive("w");
  swarm.work_for("w");
  EXPECT_EQ(swarm.nothing_for("w"), "lab lab: baseline is running");
}

TEST_F(Labs, TheSameNameIsTheSameLab) {
  const LabId first = swarm.open(settings).lab;
  const LabIsOpen again = swarm.open(settings);
  EXPECT_EQ(again.lab, first);
  EXPECT_TRUE(again.resumed);
  EXPECT_TRUE(swarm.last.empty());
  EXPECT_NE(swarm.open(settings_named("other")).lab, first);
}

TEST_F(Labs, OneWithoutANameIsRefused) {
  const Error error = [&] {
    const Reply reply = swarm.tell(
        OpenLab{.settings = settings_named(""), .segment = measured_by(7), .who = "ann"});
    return std::get<Error>(reply);
  }();
  EXPECT_EQ(error.code, ErrorCode::invalid_input);
  EXPECT_TRUE(swarm.state.labs.empty());
}

TEST_F(Labs, OtherSettingsAreTakenOverWithoutANewSegment) {
  swarm.start(settings);
  settings.policy = PolicyKind::best_of_n;
  settings.stop.max_iterations = 7;
  EXPECT_FALSE(swarm.open(settings).new_segment);
  EXPECT_EQ(swarm.lab("lab").settings, settings);
  EXPECT_TRUE(swarm.lab("lab").segment.baseline_measured);
}

TEST_F(Labs, TheWorkGoesToTheLabWithTheFewestLeases) {
  swarm.open(settings_named("a"));
  swarm.open(settings_named("b"));
  swarm.arrive("w");
  const Task first = swarm.work_for("w");
  const Task second = swarm.work_for("w");
  EXPECT_NE(first.lab, second.lab);
  swarm.counted("w", swarm.scored(first, 10.0));
  swarm.counted("w", swarm.scored(second, 10.0));
  std::map<LabId, int> tasks;
  for (int i = 0; i < 4; ++i) tasks[swarm.work_for("w").lab] += 1;
  EXPECT_EQ(tasks[first.lab], 2);
  EXPECT_EQ(tasks[second.lab], 2);
}

TEST_F(Labs, WhatWaitsGoesBeforeWhatIsNew) {
  swarm.start(settings);
  const Task task = swarm.work_for("w");
  swarm.work_for("w");
  swarm.stale("w", swarm.ended(task, Outcome::returned));
  EXPECT_EQ(swarm.work_for("w").id, task.id);
}

TEST_F(Labs, GreedyStartsFromTheBest) {
  swarm.start(settings, 10.0);
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 9.0));
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 9.5));
  const Task next = swarm.work_for("w");
  EXPECT_EQ(next.parent, ExperimentNumber(2));
  EXPECT_EQ(next.picked_because, "best so far: #2, 9 (greedy)");
}

TEST_F(Labs, BestOfNAlwaysStartsFromTheBaseline) {
  settings.policy = PolicyKind::best_of_n;
  swarm.start(settings, 10.0);
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 9.0));
  const Task next = swarm.work_for("w");
  EXPECT_EQ(next.parent, ExperimentNumber(1));
  EXPECT_EQ(next.picked_because, "always the baseline: #1, 10 (best-of-n)");
  EXPECT_EQ(swarm.lab("lab").best->number, ExperimentNumber(2));
}

TEST_F(Labs, WhatRunsCountsAsAVisitOfItsParent) {
  swarm.start(settings);
  swarm.work_for("w");
  swarm.work_for("w");
  EXPECT_EQ(swarm.lab("lab").frontier.at(ExperimentNumber(1)).visits, 2U);
}

TEST_F(Labs, AWorkerGetsNoMoreThanTwiceItsSlots) {
  swarm.start(settings);
  for (int i = 0; i < 8; ++i) swarm.work_for("w");
  EXPECT_EQ(swarm.nothing_for("w"),
            "worker w holds 8 leases, expected fewer than 8: twice its slots");
  swarm.arrive("v");
  swarm.work_for("v");
}

TEST_F(Labs, AWorkerThatIsSilentOrLeavingGetsNothing) {
  swarm.start(settings);
  swarm.expect<HeartbeatHeard>(Heartbeat{
      .worker = WorkerName("w"), .session = swarm.sessions["w"], .held = {}, .leaving = true});
  EXPECT_EQ(swarm.nothing_for("w"), "worker w is leaving");
  swarm.arrive("v");
  swarm.pass(swarm.rules.worker_silence);
  EXPECT_EQ(swarm.nothing_for("v"), "worker v: no heartbeat for 15 s");
}

TEST_F(Labs, WithoutALabThereIsNothingToDo) {
  swarm.arrive("w");
  EXPECT_EQ(swarm.nothing_for("w"), "no lab is open");
}

TEST_F(Labs, APausedOneLeasesNothingButTakesReports) {
  swarm.start(settings);
  const Task task = swarm.work_for("w");
  steered(Wish::pause);
  EXPECT_EQ(swarm.nothing_for("w"), "lab lab: paused");
  EXPECT_EQ(swarm.counted("w", swarm.scored(task, 9.0)).verdict, Verdict::keep);
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::paused);
  steered(Wish::resume);
  swarm.work_for("w");
}

TEST_F(Labs, OpeningAPausedOneLeavesItPausedAndSaysSo) {
  swarm.start(settings);
  steered(Wish::pause);
  EXPECT_EQ(swarm.open(settings).stays_stopped, "it is paused; `swarmlab resume lab` lets it run");
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::paused);
}

TEST_F(Labs, AStopLetsWhatRunsEnd) {
  swarm.start(settings);
  const Task task = swarm.work_for("w");
  steered(Wish::stop, "enough");
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::stopping);
  swarm.counted("w", swarm.scored(task, 9.0));
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::stopped);
  EXPECT_EQ(swarm.lab("lab").stop_reason, "enough");
}

TEST_F(Labs, AStopWithoutAReasonSaysWhoDidIt) {
  swarm.start(settings);
  steered(Wish::stop);
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::stopped);
  EXPECT_EQ(swarm.lab("lab").stop_reason, "stopped by ann");
}

TEST_F(Labs, AStoppedOneRunsAgainWhenResumedOrOpened) {
  swarm.start(settings);
  steered(Wish::stop);
  steered(Wish::resume);
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::running);
  steered(Wish::stop);
  EXPECT_EQ(swarm.open(settings).stays_stopped, "");
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::running);
}

TEST_F(Labs, AStoppedOneKeepsWhatWaitsForWhenItRunsAgain) {
  swarm.start(settings);
  const Task task = swarm.work_for("w");
  swarm.stale("w", swarm.ended(task, Outcome::returned));
  steered(Wish::stop);
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::stopped);
  steered(Wish::resume);
  EXPECT_EQ(swarm.work_for("w").id, task.id);
}

TEST_F(Labs, SteeringToWhereALabIsChangesNothing) {
  swarm.start(settings);
  steered(Wish::resume);
  EXPECT_TRUE(swarm.last.empty());
  steered(Wish::pause);
  steered(Wish::pause);
  EXPECT_TRUE(swarm.last.empty());
  steered(Wish::stop);
  steered(Wish::stop);
  EXPECT_TRUE(swarm.last.empty());
}

TEST_F(Labs, AStoppedOneCannotBePaused) {
  swarm.start(settings);
  steered(Wish::stop, "enough");
  EXPECT_EQ(conflict(Wish::pause), "lab lab is stopped, only one that runs can be paused: enough");
}

TEST_F(Labs, ResumingDoesNotOverrideALimit) {
  settings.stop.max_iterations = 1;
  swarm.start(settings);
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 9.0));
  EXPECT_EQ(conflict(Wish::resume),
            "lab lab stays stopped: 1 of 1 experiments are done; raise --max-iterations or [stop] "
            "max_iterations");
}

TEST_F(Labs, AnUnknownOneIsNotSteeredAndTheKnownAreNamed) {
  const auto message = [this] { return std::get<Error>(steer(Wish::stop, "nowhere")); };
  EXPECT_EQ(message().message, "no lab is named nowhere: none was opened yet");
  swarm.open(settings_named("a"));
  swarm.open(settings_named("b"));
  EXPECT_EQ(message().message, "no lab is named nowhere, expected one of: a, b");
  EXPECT_EQ(message().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace swarmlab::swarm
