#include "coordinator/swarm/lease.h"

#include <gtest/gtest.h>

#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

class Leases : public testing::Test {
 protected:
  SwarmUnderTest swarm;
  Task task;  // of worker w, just leased

  void SetUp() override {
    LabSettings settings = settings_named("lab");
    settings.stop.max_restarts = 2;
    swarm.start(settings, 10.0);
    task = swarm.work_for("w");
  }

  [[nodiscard]] HeldLease held() const { return {.task = task.id, .token = task.lease->token}; }

  std::vector<HeldLease> heartbeat(const std::string& worker, std::vector<HeldLease> held) {
    return swarm
        .expect<HeartbeatHeard>(Heartbeat{.worker = WorkerName(worker),
                                          .session = swarm.sessions[worker],
                                          .held = std::move(held)})
        .drop;
  }

  void expire() {
    swarm.pass(swarm.rules.lease);
    swarm.expect<Done>(TimePassed{});
  }

  [[nodiscard]] const Task& now_in_state() const { return swarm.state.tasks.at(task.id); }
};

TEST_F(Leases, EachHasATokenThatIsHigherThanAllBefore) {
  FencingToken last = task.lease->token;
  for (int i = 0; i < 3; ++i) {
    const Task other = swarm.work_for("w");
    EXPECT_GT(other.lease->token, last);
    last = other.lease->token;
  }
}

TEST_F(Leases, ATaskThatIsLeasedIsNotLeasedAgain) {
  EXPECT_NE(swarm.work_for("w").id, task.id);
}

TEST_F(Leases, EndAtTheDeadlineAndNotBefore) {
  swarm.pass(swarm.rules.lease - Milliseconds(1));
  swarm.expect<Done>(TimePassed{});
  EXPECT_TRUE(swarm.last.empty());
  swarm.pass(Milliseconds(1));
  swarm.expect<Done>(TimePassed{});
  EXPECT_FALSE(now_in_state().lease);
  EXPECT_EQ(now_in_state().losses, 1U);
  EXPECT_EQ(now_in_state().last_loss, "worker w fell silent");
}

TEST_F(Leases, AnExpiredTaskGoesToTheNextWorkerUnderANewToken) {
  expire();
  swarm.arrive("v");
  const Task again = swarm.work_for("v");
  EXPECT_EQ(again.id, task.id);
  EXPECT_EQ(again.experiment, task.experiment);
  EXPECT_EQ(again.parent, task.parent);
  EXPECT_GT(again.lease->token, task.lease->token);
  EXPECT_EQ(again.attempts, 2U);
}

TEST_F(Leases, AHeartbeatExtendsWhatItLists) {
  swarm.pass(swarm.rules.lease - Milliseconds(1));
  EXPECT_TRUE(heartbeat("w", {held()}).empty());
  swarm.pass(swarm.rules.lease - Milliseconds(1));
  swarm.expect<Done>(TimePassed{});
  EXPECT_TRUE(now_in_state().lease);
}

TEST_F(Leases, AHeartbeatNeverBringsADeadlineNearer) {
  swarm.rules.grace = 10 * swarm.rules.lease;
  swarm.expect<Done>(Restarted{});
  heartbeat("w", {held()});
  swarm.pass(swarm.rules.grace - Milliseconds(1));
  swarm.expect<Done>(TimePassed{});
  EXPECT_TRUE(now_in_state().lease);
}

TEST_F(Leases, AHeartbeatLeavesAloneWhatItDoesNotListForTheGrantMayBeOnItsWay) {
  EXPECT_TRUE(heartbeat("w", {}).empty());
  EXPECT_TRUE(now_in_state().lease);
  expire();
  EXPECT_FALSE(now_in_state().lease);
}

TEST_F(Leases, AHeartbeatAtTheDeadlineIsTooLate) {
  swarm.pass(swarm.rules.lease);
  EXPECT_EQ(heartbeat("w", {held()}), std::vector{held()});
}

TEST_F(Leases, AZombieIsToldToDropWhatIsAnothersByNow) {
  expire();
  swarm.arrive("v");
  swarm.work_for("v");
  EXPECT_EQ(heartbeat("w", {held()}), std::vector{held()});
  EXPECT_EQ(now_in_state().lease->worker, WorkerName("v"));
}

TEST_F(Leases, AWorkerIsToldToDropWhatItNeverHeld) {
  swarm.arrive("v");
  const HeldLease invented{.task = TaskId(99), .token = FencingToken(99)};
  EXPECT_EQ(heartbeat("v", {held(), invented}), (std::vector{held(), invented}));
}

TEST_F(Leases, AHeartbeatOfAnOldSessionMustSayHello) {
  const SessionId old = swarm.sessions["w"];
  swarm.arrive("w", {held()});
  swarm.expect<SayHello>(Heartbeat{.worker = WorkerName("w"), .session = old, .held = {held()}});
  EXPECT_TRUE(swarm.last.empty());
}

TEST_F(Leases, AnAskOfAnOldSessionMustSayHello) {
  const SessionId old = swarm.sessions["w"];
  swarm.arrive("w", {held()});
  swarm.expect<SayHello>(WorkAsked{.worker = WorkerName("w"), .session = old});
}

TEST_F(Leases, AWorkerThatArrivesWithItsLeasesKeepsThem) {
  swarm.pass(swarm.rules.lease - Milliseconds(1));
  EXPECT_EQ(swarm.arrive("w", {held()}).keep, std::vector{held()});
  swarm.pass(swarm.rules.lease - Milliseconds(1));
  EXPECT_EQ(swarm.counted("w", swarm.scored(task, 9.0)).verdict, Verdict::keep);
}

TEST_F(Leases, AWorkerThatArrivesWithoutItsLeasesLostThem) {
  EXPECT_TRUE(swarm.arrive("w").keep.empty());
  EXPECT_FALSE(now_in_state().lease);
  EXPECT_EQ(now_in_state().losses, 1U);
  EXPECT_EQ(now_in_state().last_loss, "worker w restarted");
  EXPECT_EQ(swarm.work_for("w").id, task.id);
}

TEST_F(Leases, AWorkerThatArrivesWithSomeOfItsLeasesLostTheOthers) {
  const Task other = swarm.work_for("w");
  EXPECT_EQ(swarm.arrive("w", {held()}).keep, std::vector{held()});
  EXPECT_TRUE(now_in_state().lease);
  EXPECT_FALSE(swarm.state.tasks.at(other.id).lease);
}

TEST_F(Leases, AWorkerThatArrivesWithAnOverdueLeaseMustDropIt) {
  swarm.pass(swarm.rules.lease);
  EXPECT_TRUE(swarm.arrive("w", {held()}).keep.empty());
  EXPECT_EQ(now_in_state().last_loss, "worker w fell silent");
}

TEST_F(Leases, AWorkerDoesNotGetAnothersLeaseByListingIt) {
  EXPECT_TRUE(swarm.arrive("thief", {held()}).keep.empty());
  EXPECT_EQ(now_in_state().lease->worker, WorkerName("w"));
}

TEST_F(Leases, ARestartedCoordinatorGivesEachAFullGracePeriod) {
  swarm.state.presence = {};
  swarm.pass(std::chrono::hours(5));
  swarm.expect<Done>(Restarted{});
  swarm.expect<Done>(TimePassed{});
  swarm.pass(swarm.rules.grace - Milliseconds(1));
  swarm.expect<Done>(TimePassed{});
  EXPECT_TRUE(now_in_state().lease);
  swarm.pass(Milliseconds(1));
  swarm.expect<Done>(TimePassed{});
  EXPECT_FALSE(now_in_state().lease);
}

TEST_F(Leases, ARestartedCoordinatorKeepsToWhatTheLastHeartbeatPromised) {
  swarm.rules.grace = swarm.rules.lease / 3;
  swarm.state.presence = {};
  swarm.expect<Done>(Restarted{});
  swarm.pass(swarm.rules.lease - Milliseconds(1));
  swarm.expect<Done>(TimePassed{});
  EXPECT_TRUE(now_in_state().lease);
  swarm.pass(Milliseconds(1));
  swarm.expect<Done>(TimePassed{});
  EXPECT_FALSE(now_in_state().lease);
}

TEST_F(Leases, AWorkerThatLeavesHandsItsTasksBackWithoutALoss) {
  swarm.expect<Done>(WorkerLeft{.worker = WorkerName("w"), .session = swarm.sessions["w"]});
  EXPECT_FALSE(now_in_state().lease);
  EXPECT_EQ(now_in_state().losses, 0U);
  swarm.expect<SayHello>(WorkAsked{.worker = WorkerName("w"), .session = swarm.sessions["w"]});
}

TEST_F(Leases, AnOldSessionThatLeavesTakesNothingAway) {
  const SessionId old = swarm.sessions["w"];
  swarm.arrive("w", {held()});
  swarm.expect<Done>(WorkerLeft{.worker = WorkerName("w"), .session = old});
  EXPECT_TRUE(swarm.last.empty());
  EXPECT_TRUE(now_in_state().lease);
}

TEST_F(Leases, LostMoreOftenThanMaxRestartsTheTaskIsGivenUp) {
  for (const int loss : {1, 2}) {
    expire();
    EXPECT_EQ(now_in_state().losses, static_cast<std::uint32_t>(loss));
    swarm.arrive("w");
    ASSERT_EQ(swarm.work_for("w").id, task.id);
  }
  expire();
  EXPECT_FALSE(swarm.state.tasks.contains(task.id));
  const Experiment& given_up = swarm.stored.at({task.lab, task.experiment});
  EXPECT_EQ(given_up.verdict, Verdict::crash);
  EXPECT_EQ(given_up.reason, "given up after 3 lost workers: worker w fell silent");
  EXPECT_EQ(given_up.token, FencingToken());
  EXPECT_EQ(given_up.attempts, 3U);
  EXPECT_EQ(swarm.lab("lab").counters.iterations, 1U);
}

TEST_F(Leases, AReportAfterTheTaskWasGivenUpOnlyRecordsItsCost) {
  for (int loss = 0; loss < 3; ++loss) {
    expire();
    swarm.arrive("w");
    if (loss < 2) swarm.work_for("w");
  }
  const Report late = swarm.scored(task, 1.0, 30);
  swarm.stale("w", late);
  swarm.stale("w", late);
  EXPECT_EQ(swarm.lab("lab").budget.spent, MicroUsd(30));
  EXPECT_EQ(swarm.lab("lab").best->score, 10.0);
}

TEST_F(Leases, WithoutRestartsTheFirstLossGivesUp) {
  LabSettings settings = settings_named("lab");
  settings.stop.max_restarts = 0;
  swarm.open(settings);
  expire();
  EXPECT_EQ(swarm.stored.at({task.lab, task.experiment}).reason,
            "given up after 1 lost worker: worker w fell silent");
}

TEST_F(Leases, HandingBackIsNeverCountedAgainstATask) {
  for (int i = 0; i < 10; ++i) {
    swarm.stale("w", swarm.ended(now_in_state(), Outcome::returned));
    ASSERT_EQ(swarm.work_for("w").id, task.id);
  }
  EXPECT_EQ(now_in_state().losses, 0U);
  EXPECT_EQ(now_in_state().attempts, 11U);
}

}  // namespace
}  // namespace swarmlab::swarm
