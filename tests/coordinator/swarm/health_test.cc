// A machine on which everything fails is put aside; one that shares the failures of all is not.
#include "coordinator/swarm/health.h"

#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

class HealthOfWorkers : public testing::Test {
 protected:
  HealthOfWorkers() {
    LabSettings settings = settings_named("lab");
    settings.stop.max_iterations = 0;
    swarm.start(settings);
    for (const char* name : {"bad", "good", "fine"}) swarm.arrive(name);
  }

  void crash(const std::string& worker) {
    swarm.hand_in(worker, swarm.ended(swarm.work_for(worker), Outcome::crash));
  }
  void succeed(const std::string& worker) {
    swarm.hand_in(worker, swarm.scored(swarm.work_for(worker), 50.0));
  }
  void fail_by_itself(const std::string& worker) {
    Report report = swarm.ended(swarm.work_for(worker), Outcome::returned);
    report.own_failure = true;
    swarm.hand_in(worker, report);
  }
  void lose_by_restart(const std::string& worker) {
    swarm.work_for(worker);
    swarm.pass(Milliseconds(1));
    swarm.arrive(worker);
  }
  [[nodiscard]] bool is_put_aside(const std::string& worker) {
    swarm.tell(TimePassed{});
    return swarm.state.workers.at(WorkerName(worker)).quarantine.has_value();
  }

  SwarmUnderTest swarm;
};

TEST_F(HealthOfWorkers, AWorkerOnWhichAllCrashesIsPutAsideWhileOthersSucceed) {
  for (int i = 0; i < 4; ++i) crash("bad");
  succeed("good");
  EXPECT_FALSE(is_put_aside("bad"));
  crash("bad");
  EXPECT_NE(swarm.nothing_for("bad").find("5 tasks in a row"), std::string::npos);
  EXPECT_TRUE(is_put_aside("bad"));
  ASSERT_EQ(swarm.last_of<WorkerQuarantined>().size(), 1U);
  EXPECT_EQ(swarm.last_of<WorkerQuarantined>()[0].worker, WorkerName("bad"));
  EXPECT_NE(swarm.nothing_for("bad").find("in quarantine"), std::string::npos);
  succeed("good");
}

TEST_F(HealthOfWorkers, SuccessBeginsTheRowAnew) {
  for (int i = 0; i < 4; ++i) crash("bad");
  succeed("bad");
  succeed("good");
  for (int i = 0; i < 4; ++i) crash("bad");
  EXPECT_FALSE(is_put_aside("bad"));
}

TEST_F(HealthOfWorkers, IfAllFailAlikeNobodyIsPutAside) {
  for (int i = 0; i < 20; ++i) {
    for (const char* name : {"bad", "good", "fine"}) crash(name);
  }
  for (const char* name : {"bad", "good", "fine"}) EXPECT_FALSE(is_put_aside(name));
}

TEST_F(HealthOfWorkers, ALongerRowIsAskedForWhereOthersFailOften) {
  for (int i = 0; i < 8; ++i) {
    crash("bad");
    i % 2 == 0 ? crash("good") : succeed("good");
    i % 2 == 0 ? succeed("fine") : crash("fine");
  }
  EXPECT_FALSE(is_put_aside("bad"));  // half of all fails: 8 in a row are no wonder
  for (int i = 0; i < 12; ++i) crash("bad");
  EXPECT_TRUE(is_put_aside("bad"));
}

TEST_F(HealthOfWorkers, OneThatFailsFastWaitsForWhatOthersFind) {
  const Task slow = swarm.work_for("good");
  for (int i = 0; i < 5; ++i) crash("bad");
  EXPECT_NE(swarm.nothing_for("bad").find("what others find is waited for"), std::string::npos);
  EXPECT_FALSE(is_put_aside("bad"));
  swarm.hand_in("good", swarm.scored(slow, 50.0));
  EXPECT_TRUE(is_put_aside("bad"));
}

TEST_F(HealthOfWorkers, WhoIsAloneGoesOnFailing) {
  for (int i = 0; i < 8; ++i) crash("bad");  // nobody else works: nothing to wait for
  EXPECT_FALSE(is_put_aside("bad"));
}

TEST_F(HealthOfWorkers, FailuresOfTheWorkerItselfCountWhateverOthersDo) {
  for (int i = 0; i < 5; ++i) fail_by_itself("bad");  // the same task again and again
  EXPECT_TRUE(is_put_aside("bad"));
  EXPECT_EQ(swarm.state.workers.at(WorkerName("bad")).quarantine->why,
            "it failed at 5 tasks in a row by itself");
}

TEST_F(HealthOfWorkers, HandingBackAndLeavingNeverCount) {
  for (int i = 0; i < 20; ++i) {
    swarm.hand_in("bad", swarm.ended(swarm.work_for("bad"), Outcome::returned));
    succeed("good");
    swarm.work_for("bad");
    swarm.expect<Done>(WorkerLeft{.worker = WorkerName("bad"), .session = swarm.sessions["bad"]});
    swarm.arrive("bad");
  }
  EXPECT_FALSE(is_put_aside("bad"));
}

TEST_F(HealthOfWorkers, AllThatOneRestartTakesIsOneFailure) {
  succeed("good");
  for (int slot = 0; slot < 6; ++slot) swarm.work_for("bad");
  swarm.pass(Milliseconds(1));
  swarm.arrive("bad");
  EXPECT_EQ(swarm.last_of<LeaseEnded>().size(), 6U);
  succeed("good");
  EXPECT_FALSE(is_put_aside("bad"));
}

TEST_F(HealthOfWorkers, OneThatAlwaysDiesIsPutAside) {
  for (int i = 0; i < 5; ++i) {
    lose_by_restart("bad");
    const Task retried = swarm.work_for("good");
    swarm.hand_in("good", swarm.scored(retried, 50.0));
  }
  EXPECT_TRUE(is_put_aside("bad"));
}

TEST_F(HealthOfWorkers, QuarantineSurvivesHelloAndEndsWhenAPersonReleasesIt) {
  for (int i = 0; i < 5; ++i) fail_by_itself("bad");
  ASSERT_TRUE(is_put_aside("bad"));
  swarm.arrive("bad");
  EXPECT_NE(swarm.nothing_for("bad").find("in quarantine"), std::string::npos);
  swarm.expect<Done>(ReleaseWorker{.worker = WorkerName("bad"), .who = "ann"});
  succeed("bad");
  EXPECT_EQ(swarm.expect<Error>(ReleaseWorker{.worker = WorkerName("bad"), .who = "ann"}).message,
            "worker bad is not in quarantine: none is");
}

TEST_F(HealthOfWorkers, ATaskThatKillsItsWorkersIsGivenUpWithTheirNamesAndOthersGoOn) {
  LabSettings settings = settings_named("lab");
  settings.stop.max_restarts = 2;
  settings.stop.max_iterations = 0;
  swarm.open(settings);
  std::optional<TaskId> poison;
  int done = 0;
  for (int i = 0; i < 3; ++i) {
    const std::string worker = i == 0 ? "bad" : i == 1 ? "good" : "fine";
    const Task task = swarm.work_for(worker);
    if (!poison) poison = task.id;
    ASSERT_EQ(task.id, *poison);  // what waits goes first
    for (const char* other : {"bad", "good", "fine"}) {
      if (other == worker) continue;
      succeed(other);
      ++done;
    }
    swarm.pass(Milliseconds(1));
    swarm.arrive(worker);
  }
  EXPECT_EQ(done, 6);
  const auto finished = swarm.last_of<ExperimentFinished>();
  ASSERT_EQ(finished.size(), 1U);
  EXPECT_EQ(finished[0].experiment.verdict, Verdict::crash);
  EXPECT_EQ(finished[0].experiment.reason,
            "given up after 3 lost workers: bad, good, fine; worker fine restarted");
  for (const char* name : {"bad", "good", "fine"}) EXPECT_FALSE(is_put_aside(name));
}

TEST_F(HealthOfWorkers, AWorkerThatSaidThatItLeavesIsNoUnexplainedLoss) {
  const Task task = swarm.work_for("bad");
  swarm.expect<HeartbeatHeard>(Heartbeat{.worker = WorkerName("bad"),
                                         .session = swarm.sessions["bad"],
                                         .held = {{task.id, task.lease->token}},
                                         .leaving = true});
  swarm.pass(std::chrono::minutes(2));
  swarm.tell(TimePassed{});
  const auto ended = swarm.last_of<LeaseEnded>();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].how, LeaseEnd::returned);
  EXPECT_EQ(swarm.state.tasks.at(task.id).losses, 0U);
}

}  // namespace
}  // namespace swarmlab::swarm
