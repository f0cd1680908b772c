// Many workers fall silent at once: expiry is held once, who comes back keeps its work, and what is
// really lost is tried again little by little.
#include "coordinator/swarm/mass_loss.h"

#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

using std::chrono::seconds;

class MassLoss : public testing::Test {
 protected:
  MassLoss() {
    LabSettings settings = settings_named("lab");
    settings.stop.max_iterations = 0;
    swarm.start(settings);
  }

  void employ(int workers) {
    for (int i = 0; i < workers; ++i) {
      const std::string name = "w" + std::to_string(i);
      swarm.arrive(name);
      held[name] = swarm.work_for(name);
    }
  }
  [[nodiscard]] HeldLease lease_of(const std::string& worker) const {
    const Task& task = held.at(worker);
    return {.task = task.id, .token = task.lease->token};
  }
  Reply beat(const std::string& worker) {
    return swarm.tell(Heartbeat{.worker = WorkerName(worker),
                                .session = swarm.sessions[worker],
                                .held = {lease_of(worker)}});
  }
  // Time goes on in ticks, heartbeats of those who live every 5 s.
  void live(seconds time, int from, int to) {
    for (seconds t(0); t < time; ++t) {
      swarm.pass(seconds(1));
      for (int i = from; i < to && t.count() % 5 == 0; ++i) beat("w" + std::to_string(i));
      swarm.tell(TimePassed{});
      ended += static_cast<int>(swarm.last_of<LeaseEnded>().size());
      raised += static_cast<int>(swarm.last_of<AlarmRaised>().size());
      cleared += static_cast<int>(swarm.last_of<AlarmCleared>().size());
    }
  }

  SwarmUnderTest swarm;
  std::map<std::string, Task> held;
  int ended = 0;
  int raised = 0;
  int cleared = 0;
};

TEST_F(MassLoss, HoldsExpiryForOneGracePeriodThenExpiresWhatIsLost) {
  employ(10);
  live(seconds(62), 5, 10);  // half dies
  EXPECT_EQ(raised, 1);
  EXPECT_EQ(ended, 0);
  ASSERT_TRUE(swarm.state.presence.alarm.has_value());
  EXPECT_EQ(swarm.state.presence.alarm->silent, 5U);
  EXPECT_EQ(swarm.state.presence.alarm->holders, 10U);
  live(seconds(55), 5, 10);
  EXPECT_EQ(ended, 0);
  live(seconds(10), 5, 10);
  EXPECT_EQ(ended, 5);
  EXPECT_EQ(raised, 1);
  EXPECT_EQ(cleared, 1);
  EXPECT_FALSE(swarm.state.presence.alarm.has_value());
}

TEST_F(MassLoss, WhoComesBackKeepsItsLease) {
  employ(6);
  live(seconds(100), 0, 0);  // all are silent, longer than a lease
  EXPECT_EQ(raised, 1);
  EXPECT_EQ(swarm.arrive("w0", {lease_of("w0")}).keep.size(), 1U);
  EXPECT_TRUE(std::get<HeartbeatHeard>(beat("w1")).drop.empty());
  swarm.counted("w2", swarm.scored(held.at("w2"), 9.0));
  live(seconds(60), 0, 2);
  EXPECT_EQ(ended, 3);  // w3, w4, w5
  EXPECT_EQ(swarm.state.tasks.at(held.at("w0").id).losses, 0U);
}

TEST_F(MassLoss, AFewThatDieExpireAtOnce) {
  employ(10);
  live(seconds(62), 2, 10);
  EXPECT_EQ(raised, 0);
  EXPECT_EQ(ended, 2);
}

TEST_F(MassLoss, IsAtLeastThreeAndMoreThanThirtyPercent) {
  EXPECT_FALSE(is_mass({.silent = 2, .holders = 2}));
  EXPECT_TRUE(is_mass({.silent = 3, .holders = 3}));
  EXPECT_FALSE(is_mass({.silent = 3, .holders = 10}));
  EXPECT_TRUE(is_mass({.silent = 4, .holders = 10}));
}

TEST_F(MassLoss, PutsNobodyAside) {
  swarm.rules.most_failures = 1;
  employ(10);
  live(seconds(150), 5, 10);
  swarm.counted("w9", swarm.scored(held.at("w9"), 9.0));
  live(seconds(5), 5, 9);
  for (const auto& [name, worker] : swarm.state.workers) EXPECT_FALSE(worker.quarantine);
}

TEST_F(MassLoss, WhatIsLostExpiresLittleByLittleAndHoldsUntilThen) {
  swarm.rules.most_expired = 7;
  employ(100);
  live(seconds(119), 0, 0);
  ASSERT_EQ(ended, 0);
  std::size_t most = 0;
  for (int tick = 0; tick < 40; ++tick) {
    swarm.pass(Milliseconds(250));
    swarm.tell(TimePassed{});
    most = std::max(most, swarm.last_of<LeaseEnded>().size());
    ended += static_cast<int>(swarm.last_of<LeaseEnded>().size());
    if (ended > 0 && ended <= 7) {  // the last in the row comes back
      swarm.counted("w99", swarm.scored(held.at("w99"), 9.0));
    }
  }
  EXPECT_EQ(most, 7U);
  EXPECT_EQ(ended, 99);
}

TEST_F(MassLoss, SurvivesARestartAndAllTasksEnd) {
  employ(20);
  live(seconds(70), 10, 20);
  ASSERT_EQ(raised, 1);
  swarm.state.presence = {};  // the coordinator restarts
  rebuild_index(swarm.state);
  swarm.tell(Restarted{.newest = swarm.now});
  for (int i = 10; i < 20; ++i) {
    const std::string name = "w" + std::to_string(i);
    EXPECT_EQ(swarm.arrive(name, {lease_of(name)}).keep.size(), 1U);
  }
  live(seconds(58), 10, 20);
  EXPECT_EQ(ended, 0);
  live(seconds(70), 10, 20);
  EXPECT_EQ(ended, 10);
  for (int i = 10; i < 20; ++i) {
    const std::string name = "w" + std::to_string(i);
    swarm.counted(name, swarm.scored(held.at(name), 90.0 + i));
    swarm.counted(name, swarm.scored(swarm.work_for(name), 90.0));  // one of the lost
  }
  EXPECT_TRUE(swarm.state.tasks.empty());
}

TEST(Restart, TimeWithoutACoordinatorCountsForNoLab) {
  SwarmUnderTest swarm;
  LabSettings settings = settings_named("lab");
  settings.stop.max_time = std::chrono::hours(8);
  swarm.start(settings);
  swarm.pass(std::chrono::minutes(5));
  const Timestamp newest = swarm.now;
  swarm.pass(std::chrono::hours(8766));  // or the clock was set forwards meanwhile
  swarm.state.presence = {};
  swarm.tell(Restarted{.newest = newest});
  EXPECT_EQ(swarm.last_of<TimeSkipped>().size(), 1U);
  swarm.tell(TimePassed{});
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::running);
  EXPECT_EQ(swarm.lab("lab").budget.active, std::chrono::minutes(5));
}

}  // namespace
}  // namespace swarmlab::swarm
