// A task goes to a machine that has what it needs, beside what runs there.
#include "coordinator/swarm/fit.h"

#include "coordinator/swarm/choose.h"
#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

class Fit : public testing::Test {
 protected:
  void arrive(const std::string& name, Capacity capacity) {
    swarm.arrive(name);
    Worker worker = swarm.state.workers.at(WorkerName(name));
    worker.capacity = std::move(capacity);
    worker.slots = 8;
    swarm.expect<Welcome>(
        WorkerArrived{.worker = worker, .session = swarm.sessions[name], .held = {}});
  }
  static Capacity with_gpus(unsigned count) {
    Capacity capacity{.cpu_millis = 8000, .memory_bytes = 32'000'000'000};
    for (unsigned i = 0; i < count; ++i) capacity.gpus.push_back(std::to_string(i));
    return capacity;
  }
  // A lab whose baseline is measured by a worker that has everything, and is gone since.
  void open(LabSettings settings) {
    swarm.open(settings);
    Capacity all = with_gpus(16);
    all.labels = settings.needs.labels;
    arrive("all", all);
    swarm.counted("all", swarm.scored(swarm.work_for("all"), 10.0));
    swarm.expect<Done>(WorkerLeft{.worker = WorkerName("all"), .session = swarm.sessions["all"]});
  }
  static LabSettings needing(unsigned gpus) {
    LabSettings settings = settings_named("lab");
    settings.stop.max_iterations = 0;
    settings.needs.amount.gpus = gpus;
    return settings;
  }
  std::string waiting() { return why_waiting(swarm.state, swarm.lab("lab"), swarm.now); }

  SwarmUnderTest swarm;
};

TEST_F(Fit, ATaskTakesWhatItNeedsUntilItsLeaseEnds) {
  open(needing(2));
  arrive("w", with_gpus(4));
  const Task first = swarm.work_for("w");
  EXPECT_EQ(first.lease->takes.gpus, 2U);
  swarm.work_for("w");
  EXPECT_EQ(swarm.nothing_for("w"), "kept free for lab lab: needs gpus = 2; worker w has 0 free");
  EXPECT_EQ(waiting(), "every worker that fits is busy");
  swarm.counted("w", swarm.scored(first, 9.0));
  swarm.work_for("w");
}

TEST_F(Fit, WhatATaskTakesIsAsItWasWhenItWasLeased) {
  open(needing(2));
  arrive("w", with_gpus(4));
  swarm.work_for("w");
  swarm.open(needing(3));
  EXPECT_EQ(swarm.ask("w").index(), Reply(NothingToDo{}).index());
  EXPECT_EQ(free_of(swarm.state, swarm.state.workers.at(WorkerName("w"))).gpus, 2U);
}

TEST_F(Fit, ALabThatNobodyCanServeSaysWhy) {
  open(needing(8));
  EXPECT_EQ(waiting(), "no worker is here that could take work");
  arrive("w", with_gpus(4));
  arrive("v", with_gpus(1));
  EXPECT_EQ(waiting(), "needs gpus = 8; the largest worker has 4");
  EXPECT_EQ(swarm.nothing_for("v"), "lab lab: needs gpus = 8; worker v has 1");
  arrive("x", with_gpus(8));
  EXPECT_EQ(waiting(), "");
  swarm.work_for("x");
}

TEST_F(Fit, CpusAndMemoryCountToo) {
  LabSettings settings = needing(0);
  settings.needs.amount = {.cpu_millis = 2500, .memory_bytes = 12'000'000'000};
  open(settings);
  arrive("w", with_gpus(0));
  swarm.work_for("w");
  swarm.work_for("w");
  EXPECT_EQ(swarm.nothing_for("w"),
            "kept free for lab lab: needs memory = 12 GB; worker w has 8 GB free");
}

TEST_F(Fit, LabelsMustAllBeThere) {
  LabSettings settings = needing(0);
  settings.needs.labels = {"gpu=h100", "fast"};
  open(settings);
  Capacity capacity = with_gpus(1);
  capacity.labels = {"gpu=h100"};
  arrive("w", capacity);
  EXPECT_EQ(swarm.nothing_for("w"), "lab lab: needs label fast, which worker w has not");
  EXPECT_EQ(waiting(), "needs labels gpu=h100, fast; no worker has them all");
  capacity.labels = {"fast", "zone=a", "gpu=h100"};
  arrive("w", capacity);
  swarm.work_for("w");
}

TEST_F(Fit, AWorkerThatSaysNothingOfItselfTakesTasksThatNeedNothing) {
  open(needing(0));
  arrive("w", {});
  swarm.work_for("w");
}

TEST_F(Fit, MaxParallelHolds) {
  LabSettings settings = needing(0);
  settings.max_parallel = 2;
  open(settings);
  arrive("w", {});
  const Task first = swarm.work_for("w");
  swarm.work_for("w");
  EXPECT_EQ(swarm.nothing_for("w"), "lab lab: 2 of 2 tasks run (max_parallel)");
  EXPECT_EQ(waiting(), "2 of 2 tasks run (max_parallel)");
  swarm.counted("w", swarm.scored(first, 9.0));
  swarm.work_for("w");
}

TEST_F(Fit, SmallTasksDoNotKeepALargeOneOutForEver) {
  open(needing(4));
  LabSettings small = needing(1);
  small.name = "small";
  swarm.open(small);
  arrive("w", with_gpus(4));
  std::vector<Task> running;
  std::map<LabId, int> leased;
  for (int i = 0; i < 200; ++i) {
    const Reply reply = swarm.ask("w");
    if (const auto* granted = std::get_if<Granted>(&reply)) {
      running.push_back(swarm.state.tasks.at(granted->task));
      leased[running.back().lab] += 1;
    }
    if (running.empty() || i % 2 == 0) continue;
    swarm.counted("w", swarm.scored(running.front(), 10.0 - i));
    running.erase(running.begin());
    swarm.pass(std::chrono::seconds(1));
    swarm.expect<HeartbeatHeard>(
        Heartbeat{.worker = WorkerName("w"), .session = swarm.sessions["w"], .held = {}});
  }
  EXPECT_GT(leased[swarm.lab("lab").id], 5);
  EXPECT_GT(leased[swarm.lab("small").id], 5);
}

}  // namespace
}  // namespace swarmlab::swarm
