// What a lease cost that is over: told by who held it, and by nobody else.
#include <gtest/gtest.h>

#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

class PastLeases : public testing::Test {
 protected:
  SwarmUnderTest swarm;
};

TEST_F(PastLeases, OnlyWhoHeldALeaseTellsWhatItCost) {
  swarm.start(settings_named("lab"), 10.0);
  const Task before = swarm.work_for("w");
  const Report late = swarm.scored(before, 5.0, 30);
  swarm.pass(swarm.rules.lease);
  swarm.expect<Done>(TimePassed{});
  swarm.arrive("thief");
  swarm.stale("thief", late);
  EXPECT_TRUE(swarm.last.empty()) << "it waits";
  const Task again = swarm.work_for("thief");
  ASSERT_EQ(again.id, before.id);
  swarm.stale("thief", late);
  EXPECT_TRUE(swarm.last.empty()) << "it is leased again, to the thief itself";
  swarm.counted("thief", swarm.scored(again, 9.0, 12));
  swarm.stale("thief", late);
  EXPECT_TRUE(swarm.last.empty()) << "it is decided";
  EXPECT_EQ(swarm.lab("lab").budget.spent, MicroUsd(12));
  swarm.stale("w", late);
  EXPECT_EQ(swarm.lab("lab").budget.spent, MicroUsd(42));
}

TEST_F(PastLeases, WhoTookTheNameOfAWorkerDoesNotTellWhatItsLeasesCost) {
  swarm.start(settings_named("lab"), 10.0);
  swarm.arrive("owner", "key of the owner");
  const Report late = swarm.scored(swarm.work_for("owner"), 5.0, 30);
  swarm.pass(swarm.rules.lease);
  swarm.tell(TimePassed{});
  swarm.arrive("owner", "another key");
  swarm.stale("owner", late);
  EXPECT_TRUE(swarm.last.empty());
  swarm.arrive("owner", "key of the owner");
  swarm.stale("owner", late);
  EXPECT_EQ(swarm.lab("lab").budget.spent, MicroUsd(30));
}

TEST_F(PastLeases, ATokenOfAnotherTaskCostsNothing) {
  swarm.start(settings_named("lab"), 10.0);
  const Task other = swarm.work_for("w");
  const Task task = swarm.work_for("w");
  Report report = swarm.scored(task, 5.0, 30);
  report.token = other.lease->token;
  swarm.stale("w", report);
  EXPECT_TRUE(swarm.last.empty());
}

TEST_F(PastLeases, WhatALeaseCostIsToldAfterItsTaskWasGivenUpToo) {
  LabSettings settings = settings_named("lab");
  settings.stop.max_restarts = 0;
  swarm.start(settings, 10.0);
  const Task task = swarm.work_for("w");
  const Report late = swarm.scored(task, 5.0, 30);
  swarm.pass(swarm.rules.lease);
  swarm.tell(TimePassed{});
  ASSERT_FALSE(swarm.state.tasks.contains(task.id));
  swarm.stale("w", late);
  EXPECT_EQ(swarm.lab("lab").budget.spent, MicroUsd(30));
}

}  // namespace
}  // namespace swarmlab::swarm
