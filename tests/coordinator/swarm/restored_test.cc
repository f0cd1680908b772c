#include "coordinator/swarm/restored.h"

#include <gtest/gtest.h>

#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

TEST(Restored, WhatWasGivenOutAfterTheBackupIsStaleAndNeverAnothers) {
  SwarmUnderTest before;
  before.start(settings_named("lab"));
  SwarmUnderTest lost = before;  // the history that goes on after the backup
  const Task task = lost.work_for("w");
  SwarmUnderTest after = before;
  after.apply(jump_ahead(after.state, after.now, 7));
  after.arrive("w");
  const Task fresh = after.work_for("w");
  EXPECT_GT(fresh.id, task.id);
  EXPECT_GT(fresh.experiment, task.experiment);
  EXPECT_GT(fresh.lease->token, task.lease->token);
  const State untouched = after.state;
  EXPECT_NE(after.stale("w", lost.scored(task, 99.0, 5)), "");
  EXPECT_TRUE(after.state.same_facts(untouched));
}

TEST(Restored, WhatWasLeasedBeforeTheBackupStillCounts) {
  SwarmUnderTest before;
  before.start(settings_named("lab"));
  const Task task = before.work_for("w");
  before.apply(jump_ahead(before.state, before.now, 7));
  EXPECT_EQ(before.counted("w", before.scored(task, 1.0)).verdict, Verdict::keep);
}

TEST(Restored, TwoRestoresOfOneBackupGiveOutDifferentTokens) {
  SwarmUnderTest swarm;
  swarm.start(settings_named("lab"));
  const BackupRestored first = jump_ahead(swarm.state, swarm.now, 7);
  const BackupRestored second = jump_ahead(swarm.state, swarm.now + Milliseconds(1), 7);
  EXPECT_GT(second.next_token.value() - first.next_token.value(), 4'000'000U);
}

TEST(Restored, NumbersGrowEvenWhenTheClockWasSetBack) {
  SwarmUnderTest swarm;
  swarm.start(settings_named("lab"));
  swarm.apply(jump_ahead(swarm.state, swarm.now, 7));
  const BackupRestored again = jump_ahead(swarm.state, swarm.now - std::chrono::hours(24), 9);
  EXPECT_GT(again.next_token, swarm.state.next_token);
  EXPECT_GT(again.next_task, swarm.state.next_task);
  EXPECT_GT(again.next_lab, swarm.state.next_lab);
}

}  // namespace
}  // namespace swarmlab::swarm
