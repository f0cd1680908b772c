// Of workers that are gone only the last ones are remembered.
#include "coordinator/swarm/forget.h"

#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

class WorkersThatAreGone : public testing::Test {
 protected:
  WorkersThatAreGone() {
    swarm.rules.most_absent = 2;
    LabSettings settings = settings_named("lab");
    settings.stop.max_iterations = 0;
    swarm.start(settings);  // by the worker w
  }

  // They come one after the other, and go as pods go that are killed: without a word.
  void come_and_vanish(std::initializer_list<const char*> names) {
    for (const char* name : names) {
      swarm.arrive(name);
      swarm.pass(std::chrono::seconds(1));
    }
  }
  void long_after() {
    swarm.pass(swarm.rules.absent_after);
    swarm.arrive("w");
    swarm.tell(TimePassed{});
  }
  [[nodiscard]] bool knows(const std::string& name) const {
    return swarm.state.workers.contains(WorkerName(name));
  }

  SwarmUnderTest swarm;
};

TEST_F(WorkersThatAreGone, AreForgottenTheLongestGoneFirst) {
  come_and_vanish({"a", "b", "c", "d"});
  long_after();
  EXPECT_FALSE(knows("a"));
  EXPECT_FALSE(knows("b"));
  EXPECT_TRUE(knows("c"));
  EXPECT_TRUE(knows("d"));
  EXPECT_TRUE(knows("w")) << "it is here";
  EXPECT_EQ(swarm.last_of<WorkerForgotten>().size(), 2U);
  swarm.tell(TimePassed{});
  EXPECT_TRUE(swarm.last_of<WorkerForgotten>().empty());
}

TEST_F(WorkersThatAreGone, AreRememberedAsLongAsTheyAreFew) {
  come_and_vanish({"a", "b"});
  long_after();
  EXPECT_TRUE(knows("a"));
  EXPECT_TRUE(knows("b"));
}

TEST_F(WorkersThatAreGone, AreNewOnesIfTheyComeBack) {
  come_and_vanish({"a", "b", "c"});
  long_after();
  ASSERT_FALSE(knows("a"));
  EXPECT_TRUE(std::holds_alternative<SayHello>(swarm.ask("a"))) << "its session is no more";
  swarm.arrive("a");
  EXPECT_EQ(swarm.state.workers.at(WorkerName("a")).joined_at, swarm.now);
  swarm.work_for("a");
}

TEST_F(WorkersThatAreGone, CountFromWhenTheyWereHeardOfNotFromWhenTheyCame) {
  come_and_vanish({"a", "b", "c", "d"});
  swarm.pass(swarm.rules.absent_after);
  for (const char* name : {"a", "b", "c", "d", "w"}) {
    swarm.tell(Heartbeat{.worker = WorkerName(name), .session = swarm.sessions[name], .held = {}});
  }
  swarm.tell(TimePassed{});
  EXPECT_TRUE(knows("a"));
}

TEST_F(WorkersThatAreGone, AreNotTakenForGoneAfterARestartUntilAllHadTheTimeToComeBack) {
  come_and_vanish({"a", "b", "c", "d"});
  swarm.pass(std::chrono::hours(1));
  swarm.state.presence = {};
  swarm.tell(Restarted{.newest = swarm.now});
  swarm.tell(TimePassed{});
  EXPECT_TRUE(knows("a")) << "nobody was heard of yet";
  swarm.arrive("w");
  swarm.tell(TimePassed{});
  EXPECT_TRUE(knows("a"));
  long_after();
  EXPECT_FALSE(knows("a"));
}

TEST_F(WorkersThatAreGone, AreKeptWhileAPersonHasToLookAtThem) {
  come_and_vanish({"a", "b", "c", "d", "e"});
  evolve(swarm.state, WorkerQuarantined{.worker = WorkerName("a"), .why = "it fails", .at = {}});
  evolve(
      swarm.state,
      WorkerQuarantined{.worker = WorkerName("b"), .why = "off", .at = {}, .measures_only = true});
  long_after();
  EXPECT_TRUE(knows("a"));
  EXPECT_TRUE(knows("b"));
  EXPECT_FALSE(knows("c"));
}

TEST_F(WorkersThatAreGone, AreKeptWhileTheyHoldALease) {
  come_and_vanish({"a"});
  swarm.work_for("a");
  come_and_vanish({"b", "c", "d"});
  const TaskId held = *swarm.state.index.holds.at(WorkerName("a")).begin();
  evolve(swarm.state, LeaseExtended{.task = held,
                                    .token = swarm.state.tasks.at(held).lease->token,
                                    .until = swarm.now + std::chrono::hours(1)});
  long_after();
  EXPECT_TRUE(knows("a"));
  EXPECT_FALSE(knows("b"));
}

TEST_F(WorkersThatAreGone, LeaveTheLastOneOfAPoolBehind) {
  Worker of_pool{.name = WorkerName("gpu-1"), .host_class = "dgx", .slots = 1, .joined_at = {}};
  of_pool.capacity.labels = {"pool=gpu"};
  swarm.expect<Welcome>(WorkerArrived{.worker = of_pool, .session = SessionId(99), .held = {}});
  swarm.pass(std::chrono::seconds(1));
  come_and_vanish({"a", "b", "c", "d"});
  long_after();
  EXPECT_TRUE(knows("gpu-1")) << "it tells what machines the pool has";
  EXPECT_FALSE(knows("a"));
}

}  // namespace
}  // namespace swarmlab::swarm
