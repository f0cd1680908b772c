// Which pool a task is for: among those that are known, declared, or only named.
#include "coordinator/swarm/pool.h"

#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

class APool : public testing::Test {
 protected:
  void arrive(const std::string& name, std::vector<std::string> labels, std::uint32_t gpus = 0,
              std::uint32_t cpus = 8) {
    swarm.arrive(name);
    Worker worker = swarm.state.workers.at(WorkerName(name));
    worker.capacity = {.cpu_millis = 1000 * cpus, .memory_bytes = 32'000'000'000};
    worker.capacity.labels = std::move(labels);
    for (unsigned i = 0; i < gpus; ++i) worker.capacity.gpus.push_back(std::to_string(i));
    swarm.expect<Welcome>(
        WorkerArrived{.worker = worker, .session = swarm.sessions[name], .held = {}});
  }
  void leave(const std::string& name) {
    swarm.expect<Done>(WorkerLeft{.worker = WorkerName(name), .session = swarm.sessions[name]});
  }
  [[nodiscard]] Place place(const Needs& needs) const {
    return place_for(pools_of(swarm.state, swarm.rules), needs);
  }
  static Needs labels(std::vector<std::string> wanted) {
    return {.amount = {}, .labels = std::move(wanted)};
  }
  static Needs gpus(std::uint32_t count) { return {.amount = {.gpus = count}, .labels = {}}; }

  SwarmUnderTest swarm;
};

TEST_F(APool, IsNamedByALabelOfItsWorkers) {
  EXPECT_EQ(pool_named_in({}), "default");
  EXPECT_EQ(pool_named_in({"fast", "pool=large"}), "large");
  EXPECT_EQ(pool_named_in({"pool="}), "default");
}

TEST_F(APool, OfWorkersThatSayNothingTakesWhatNeedsNothing) {
  EXPECT_EQ(place({}).pool, "default") << "before anybody was there";
  arrive("w", {});
  EXPECT_EQ(place({}).pool, "default");
}

TEST_F(APool, IsChosenByTheLabelsOfItsWorkers) {
  arrive("small", {"pool=cpu"});
  arrive("large", {"pool=gpu", "h100"}, 8);
  EXPECT_EQ(place({}).pool, "cpu") << "rare machines are left to those who need them";
  EXPECT_EQ(place(labels({"h100"})).pool, "gpu");
  EXPECT_EQ(place(labels({"pool=gpu"})).pool, "gpu");
  EXPECT_EQ(place(gpus(8)).pool, "gpu");
}

TEST_F(APool, IsRememberedWhenItsWorkersAreGone) {
  arrive("small", {"pool=cpu"});
  arrive("large", {"pool=gpu", "h100"}, 8);
  leave("large");
  EXPECT_EQ(place(labels({"h100"})).pool, "gpu");
}

TEST_F(APool, ThatNobodyIsOfAnyMoreGetsNothingThatAnotherCanTake) {
  arrive("laptop", {});
  leave("laptop");
  arrive("small", {"pool=cpu"}, 0, 64);
  EXPECT_EQ(place({}).pool, "cpu");
}

TEST_F(APool, CanBeDeclaredBeforeItHadAWorker) {
  swarm.rules.pools = {{.name = "gpu", .labels = {"h100"}, .machine = {.gpus = 8}, .slots = 1},
                       {.name = "cpu", .slots = 4}};
  EXPECT_EQ(place({}).pool, "cpu");
  EXPECT_EQ(place(labels({"h100"})).pool, "gpu");
  EXPECT_EQ(place(gpus(4)).pool, "gpu");
}

TEST_F(APool, ThatNobodyKnowsIsNamedByWhatIsAskedFor) {
  arrive("w", {});
  EXPECT_EQ(place(labels({"h100"})).pool, "h100");
  EXPECT_EQ(place(labels({"h100", "fast"})).pool, "h100+fast");
  EXPECT_EQ(place(labels({"fast", "pool=large"})).pool, "large");
}

TEST_F(APool, ThatIsDeclaredIsTakenToHaveTheSandboxesThatALabNeeds) {
  swarm.rules.pools = {{.name = "cpu"}};
  EXPECT_EQ(place(labels({"sandbox=docker"})).pool, "cpu");
  arrive("bare", {"pool=bare", "sandbox=bubblewrap"});
  EXPECT_EQ(place(labels({"sandbox=docker"})).pool, "cpu");
  swarm.rules.pools.clear();
  EXPECT_EQ(place(labels({"sandbox=docker"})).pool, "default") << "it is no name of a pool";
}

TEST_F(APool, IsNotAskedForWhatItsMachinesCannotTake) {
  arrive("w", {});
  EXPECT_EQ(place(gpus(8)).pool, "unplaced");
  swarm.rules.pools = {{.name = "large", .machine = {.gpus = 4}}};
  Needs needs = labels({"pool=large"});
  needs.amount.gpus = 8;
  EXPECT_EQ(place(needs).pool, "large") << "its name was asked for: the lab knows better";
}

TEST_F(APool, CountsASlotForEachOfWhatFitsBesideEachOther) {
  swarm.rules.pools = {{.name = "gpu", .machine = {.gpus = 8}, .slots = 8}};
  EXPECT_EQ(place(gpus(1)).slots_each, 1U);
  EXPECT_EQ(place(gpus(4)).slots_each, 4U);
  EXPECT_EQ(place(gpus(3)).slots_each, 4U) << "two of them fit, beside them nothing does";
  EXPECT_EQ(place(gpus(8)).slots_each, 8U);
}

}  // namespace
}  // namespace swarmlab::swarm
