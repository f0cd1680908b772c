// Answers that get lost: a slot that asks again gets the same task again, and nothing counts as
// lost that was never heard of.
#include <gtest/gtest.h>

#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

class Unheard : public testing::Test {
 protected:
  void SetUp() override {
    swarm.start(settings_named("lab"), 10.0);
    arrive(SessionId(7), {}, false);
  }
  Welcome arrive(SessionId session, std::vector<HeldLease> held, bool again) {
    return swarm.expect<Welcome>(WorkerArrived{
        .worker = {.name = name, .host_class = "cpu", .slots = 2, .joined_at = swarm.now},
        .session = session,
        .held = std::move(held),
        .again = again});
  }
  Granted ask(std::uint32_t slot, std::optional<HeldLease> reported = std::nullopt) {
    return swarm.expect<Granted>(WorkAsked{name, SessionId(7), slot, reported});
  }

  WorkerName name{"once"};
  SwarmUnderTest swarm;
};

TEST_F(Unheard, ASlotThatAsksAgainGetsTheSameLeaseAgain) {
  const Granted first = ask(0);
  const Granted again = ask(0);
  EXPECT_EQ(again.task, first.task);
  EXPECT_EQ(again.token, first.token);
  EXPECT_TRUE(swarm.last.empty());
}

TEST_F(Unheard, SlotsOfOneWorkerDoNotGetEachOthersTasks) {
  EXPECT_NE(ask(0).task, ask(1).task);
}

TEST_F(Unheard, AReportThatWasRefusedDoesNotBringItsTaskBackAtOnce) {
  const Granted first = ask(0);
  const Granted next = ask(0, HeldLease{.task = first.task, .token = first.token});
  EXPECT_NE(next.task, first.task);
}

TEST_F(Unheard, NeitherDoesItWhenThereWasNothingElseToDoAtFirst) {
  const Granted first = ask(0);
  const HeldLease reported{.task = first.task, .token = first.token};
  const auto steer = [this](SetLabStatus::Wish wish) {
    swarm.expect<LabsSteered>(SetLabStatus{.lab = "lab", .wish = wish, .reason = {}, .who = "ann"});
  };
  steer(SetLabStatus::Wish::pause);
  swarm.expect<NothingToDo>(WorkAsked{name, SessionId(7), 0, reported});
  steer(SetLabStatus::Wish::resume);
  EXPECT_NE(ask(0).task, first.task);
}

TEST_F(Unheard, WhatBelongsToASegmentThatEndedIsNotGivenAgain) {
  const Granted first = ask(0);
  swarm.open(settings_named("lab"), measured_by(8));
  EXPECT_NE(ask(0).task, first.task);
}

TEST_F(Unheard, ASlotThatTheWorkerDoesNotHaveIsNotRemembered) {
  EXPECT_NE(ask(2).task, ask(2).task);
  EXPECT_TRUE(swarm.state.presence.workers.at(name).slots.empty());
}

TEST_F(Unheard, AWorkerThatWasHereBeforeGivesBackWhatItNeverHeardOf) {
  const Granted lost = ask(0);
  arrive(SessionId(8), {}, true);
  EXPECT_EQ(swarm.last_of<LeaseEnded>().at(0).how, LeaseEnd::returned);
  EXPECT_EQ(swarm.state.tasks.at(lost.task).losses, 0U);
}

TEST_F(Unheard, AWorkerThatStartedAnewHasLostWhatItHeld) {
  const Granted lost = ask(0);
  arrive(SessionId(8), {}, false);
  EXPECT_EQ(swarm.last_of<LeaseEnded>().at(0).how, LeaseEnd::worker_restarted);
  EXPECT_EQ(swarm.state.tasks.at(lost.task).losses, 1U);
}

}  // namespace
}  // namespace swarmlab::swarm
