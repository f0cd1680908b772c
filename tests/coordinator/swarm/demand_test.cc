// What pools are asked for: enough for what could begin, and nothing that nobody pays for.
#include "coordinator/swarm/demand.h"

#include <algorithm>

#include "coordinator/swarm/appetite.h"
#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

class Demand : public testing::Test {
 protected:
  static LabSettings lab_of_policy(PolicyKind policy) {
    LabSettings settings = settings_named("lab");
    settings.policy = policy;
    settings.stop.max_iterations = 0;
    return settings;
  }
  [[nodiscard]] PoolDemand pool(const std::string& name) const {
    for (PoolDemand& one : demand_of(swarm.state, swarm.rules, swarm.now)) {
      if (one.pool == name) return std::move(one);
    }
    ADD_FAILURE() << "no pool " << name;
    return {};
  }
  [[nodiscard]] std::uint64_t wanted(const std::string& name = "default") const {
    return pool(name).wanted;
  }
  [[nodiscard]] std::string why() const { return pool("default").why; }
  // A worker of a pool, with room for all.
  void arrive(const std::string& name, std::vector<std::string> labels, std::uint32_t slots = 4) {
    swarm.arrive(name);
    Worker worker = swarm.state.workers.at(WorkerName(name));
    worker.capacity.labels = std::move(labels);
    worker.slots = slots;
    swarm.expect<Welcome>(
        WorkerArrived{.worker = worker, .session = swarm.sessions[name], .held = {}});
  }
  void steer(SetLabStatus::Wish wish) {
    swarm.expect<LabsSteered>(SetLabStatus{.lab = "lab", .wish = wish, .reason = {}, .who = "ann"});
  }
  // All that the swarm gives to as many slots as may be.
  std::uint64_t leased_to_all_who_ask() {
    arrive("many", {}, 1000);
    std::uint64_t leased = 0;
    while (std::holds_alternative<Granted>(swarm.ask("many"))) ++leased;
    return leased;
  }

  SwarmUnderTest swarm;
};

TEST_F(Demand, IsNothingWithoutALab) {
  EXPECT_TRUE(demand_of(swarm.state, swarm.rules, swarm.now).empty());
  arrive("w", {});
  EXPECT_EQ(wanted(), 0U);
  EXPECT_EQ(why(), "nothing runs; no lab asks for it");
}

TEST_F(Demand, OfANewLabIsItsBaseline) {
  swarm.open(lab_of_policy(PolicyKind::ucb));
  EXPECT_EQ(wanted(), 1U) << "though no worker was ever here";
  EXPECT_EQ(why(), "nothing runs; lab could begin 1: the baseline comes first");
  swarm.arrive("w");
  swarm.work_for("w");
  EXPECT_EQ(wanted(), 1U);
  EXPECT_EQ(why(), "1 run; lab asks for nothing more: the baseline is measured first");
}

TEST_F(Demand, GrowsWithTheFrontier) {
  LabSettings settings = lab_of_policy(PolicyKind::ucb);
  settings.search.merge = false;
  swarm.start(settings);
  EXPECT_EQ(wanted(), kAtOnceFromEach);
  EXPECT_EQ(why(),
            "nothing runs; lab could begin 4: ucb goes on from 1 kept candidate, 4 at once "
            "from each");
  const Task task = swarm.work_for("w");
  EXPECT_EQ(wanted(), kAtOnceFromEach) << "one of them runs";
  EXPECT_EQ(pool("default").running, 1U);
  EXPECT_EQ(pool("default").leasable, 3U);
  EXPECT_EQ(pool("default").idle, 3U);
  swarm.counted("w", swarm.scored(task, 9.0));
  EXPECT_EQ(wanted(), 2 * kAtOnceFromEach);
}

TEST_F(Demand, OfEachPolicyIsWhatHelpsIt) {
  for (const auto& [policy, most] :
       std::vector<std::pair<PolicyKind, std::uint64_t>>{{PolicyKind::greedy, 4},
                                                         {PolicyKind::beam, 8},
                                                         {PolicyKind::ucb, 16},
                                                         {PolicyKind::islands, 12},
                                                         {PolicyKind::best_of_n, 10'000}}) {
    swarm = SwarmUnderTest();
    LabSettings settings = lab_of_policy(policy);
    settings.search.merge = false;
    settings.search.width = 2;
    settings.search.islands = 3;
    swarm.start(settings);
    for (int i = 1; i <= 3; ++i) swarm.counted("w", swarm.scored(swarm.work_for("w"), 10.0 - i));
    ASSERT_EQ(swarm.lab("lab").frontier.size(), 4U);
    EXPECT_EQ(wanted(), most) << static_cast<int>(policy);
  }
}

TEST_F(Demand, IsWhatAPersonAllowsAtOnce) {
  LabSettings settings = lab_of_policy(PolicyKind::greedy);
  settings.max_parallel = 32;
  swarm.start(settings);
  EXPECT_EQ(wanted(), 32U);
  swarm.work_for("w");
  EXPECT_EQ(wanted(), 32U);
  EXPECT_EQ(why(), "1 run; lab could begin 31: max_parallel = 32, of which 1 run");
}

TEST_F(Demand, IsNoMoreThanTheExperimentsThatAreLeft) {
  LabSettings settings = lab_of_policy(PolicyKind::best_of_n);
  settings.stop.max_iterations = 3;
  swarm.start(settings);
  EXPECT_EQ(wanted(), 3U);
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 9.0));
  EXPECT_EQ(wanted(), 2U);
  swarm.work_for("w");
  swarm.work_for("w");
  EXPECT_EQ(wanted(), 2U) << "what runs";
  EXPECT_EQ(pool("default").leasable, 0U);
  EXPECT_EQ(why(), "2 run; lab asks for nothing more: 0 of 3 experiments are left");
}

TEST_F(Demand, IsNoMoreThanTheMoneyThatIsLeft) {
  LabSettings settings = lab_of_policy(PolicyKind::best_of_n);
  settings.stop.max_cost = MicroUsd(5'000'000);
  swarm.start(settings);
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 9.0, 2'000'000));
  EXPECT_EQ(wanted(), 2U);
  EXPECT_EQ(why(), "nothing runs; lab could begin 2: $3 of $5 are left, and one costs about $2");
  EXPECT_EQ(leased_to_all_who_ask(), 2U);
  EXPECT_EQ(pool("default").leasable, 0U);
}

TEST_F(Demand, IsNothingMoreWhileALabIsPaused) {
  swarm.start(lab_of_policy(PolicyKind::ucb));
  const Task task = swarm.work_for("w");
  steer(SetLabStatus::Wish::pause);
  EXPECT_EQ(wanted(), 1U) << "what runs is not thrown away";
  EXPECT_EQ(why(), "1 run; lab asks for nothing more: paused");
  swarm.counted("w", swarm.scored(task, 9.0));
  EXPECT_EQ(wanted(), 0U);
  steer(SetLabStatus::Wish::resume);
  EXPECT_EQ(wanted(), 2 * kAtOnceFromEach);
}

TEST_F(Demand, IsNothingWhenTheBudgetIsSpentOrTheLabStopped) {
  LabSettings settings = lab_of_policy(PolicyKind::ucb);
  settings.stop.max_cost = MicroUsd(1'000'000);
  swarm.start(settings);
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 9.0, 1'000'000));
  EXPECT_EQ(swarm.lab("lab").status, LabStatus::stopped);
  EXPECT_EQ(wanted(), 0U);
}

TEST_F(Demand, IsNothingWhenTheTimeIsOver) {
  LabSettings settings = lab_of_policy(PolicyKind::ucb);
  settings.stop.max_time = std::chrono::hours(1);
  swarm.start(settings);
  swarm.pass(std::chrono::hours(1));
  EXPECT_EQ(wanted(), 0U);
  EXPECT_EQ(pool("default").labs.at(0).why, "its time is over");
}

TEST_F(Demand, WaitsForAProviderThatFailsShortlyAndThenForOneAgent) {
  swarm.start(lab_of_policy(PolicyKind::ucb));
  Report report = swarm.ended(swarm.work_for("w"), Outcome::returned);
  report.agent = AgentRun{.end = AgentEnd::rate_limited, .said = "slow down"};
  swarm.hand_in("w", report);
  EXPECT_EQ(wanted(), kAtOnceFromEach) << "machines that start take longer than that";
  swarm.pass(kPatienceWithProvider);
  EXPECT_EQ(wanted(), 1U);
}

TEST_F(Demand, OfWorkThatIsTooLargeIsToldAndNotAskedFor) {
  LabSettings settings = lab_of_policy(PolicyKind::ucb);
  settings.needs.amount.gpus = 8;
  arrive("w", {});
  swarm.open(settings);
  EXPECT_EQ(wanted(), 0U);
  EXPECT_EQ(wanted("unplaced"), 0U);
  EXPECT_EQ(pool("unplaced").leasable, 1U);
  EXPECT_EQ(pool("unplaced").why,
            "no machine that is known can take these: declare a pool for them, or start one; lab "
            "could begin 1: the baseline comes first");
}

TEST_F(Demand, OfALargerScaleIsForItsPoolBeforeThatEverHadAWorker) {
  LabSettings settings = lab_of_policy(PolicyKind::ucb);
  settings.search.merge = false;
  settings.scale = "small";
  settings.scales = {Scale{.name = "small"}, Scale{.name = "large"}};
  settings.scales[1].needs = Needs{.amount = {}, .labels = {"h100"}};
  settings.scales[1].promotion.fraction = 0.5;
  swarm.rules.pools = {{.name = "gpu", .labels = {"h100"}}};
  swarm.start(settings);
  EXPECT_EQ(wanted("gpu"), 0U);
  for (const double score : {9.0, 8.0}) {
    swarm.counted("w", swarm.scored(swarm.work_for("w"), score));
  }
  swarm.pass(Milliseconds(300));
  swarm.expect<Done>(TimePassed{});
  swarm.expect<Done>(TimePassed{});
  EXPECT_EQ(wanted("gpu"), 1U) << "its baseline comes first";
  EXPECT_EQ(pool("gpu").why, "nothing runs; lab at large could begin 1: 1 wait to be measured");
  EXPECT_EQ(pool("gpu").workers, 0U);
  steer(SetLabStatus::Wish::pause);
  EXPECT_EQ(wanted("gpu"), 0U);
}

TEST_F(Demand, OfALargePoolIsNotKeptUpByWorkThatASmallerOneCouldDo) {
  arrive("small", {"pool=cpu"}, 1);
  arrive("large", {"pool=gpu", "h100"}, 1);
  LabSettings settings = lab_of_policy(PolicyKind::best_of_n);
  settings.stop.max_iterations = 2;
  swarm.open(settings);
  swarm.counted("large", swarm.scored(swarm.work_for("large"), 10.0));
  swarm.work_for("large");
  EXPECT_EQ(pool("gpu").running, 1U);
  EXPECT_EQ(wanted("gpu"), 0U) << "it may leave when that has ended";
  EXPECT_EQ(wanted("cpu"), 1U) << "what is left of the two";
  swarm.work_for("small");
  EXPECT_EQ(wanted("cpu"), 1U);
}

TEST_F(Demand, OfWhatWaitsComesOnTopOfSlotsThatAreLentToSmallerWork) {
  arrive("small", {"pool=cpu"}, 1);
  arrive("large", {"pool=gpu", "h100"}, 1);
  swarm.open(lab_of_policy(PolicyKind::best_of_n));
  swarm.counted("large", swarm.scored(swarm.work_for("large"), 10.0));
  swarm.work_for("large");
  LabSettings settings = lab_of_policy(PolicyKind::best_of_n);
  settings.name = "needs-h100";
  settings.needs.labels = {"h100"};
  swarm.open(settings);
  EXPECT_EQ(wanted("gpu"), 2U) << "its baseline, and the machine that is busy";
}

TEST_F(Demand, IsSharedByWeightWhereTheOperatorAllowsOnlySoMuch) {
  LabSettings light = lab_of_policy(PolicyKind::best_of_n);
  LabSettings heavy = light;
  heavy.name = "heavy";
  heavy.weight = 3;
  swarm.start(light);
  swarm.open(heavy);
  swarm.counted("w", swarm.scored(swarm.work_for("w"), 10.0));
  swarm.rules.pools = {{.name = "default", .most_slots = 8}};
  EXPECT_EQ(wanted(), 8U);
  EXPECT_EQ(pool("default").labs.at(0).leasable, 2U);
  EXPECT_EQ(pool("default").labs.at(1).leasable, 6U);
  EXPECT_TRUE(why().ends_with("; 8 slots are the most that it may have")) << why();
}

TEST_F(Demand, CountsWhatRunsOnWorkersThatAreExpectedBackAndNotOnThoseThatLeave) {
  LabSettings settings = lab_of_policy(PolicyKind::best_of_n);
  settings.stop.max_iterations = 1;
  swarm.start(settings);
  const Task task = swarm.work_for("w");
  EXPECT_EQ(wanted(), 1U);
  swarm.state.presence.workers.clear();  // the coordinator began anew
  EXPECT_EQ(wanted(), 1U);
  swarm.arrive("w", {{.task = task.id, .token = task.lease->token}});
  swarm.tell(Heartbeat{.worker = WorkerName("w"),
                       .session = swarm.sessions["w"],
                       .held = {{.task = task.id, .token = task.lease->token}},
                       .leaving = true});
  EXPECT_EQ(wanted(), 0U);
  EXPECT_EQ(pool("default").running, 1U);
}

TEST_F(Demand, IsNeverMoreThanWhatIsGivenToThoseWhoAsk) {
  for (const std::uint32_t parallel : {0U, 1U, 7U}) {
    for (const std::uint64_t iterations : {std::uint64_t{2}, std::uint64_t{9}}) {
      swarm = SwarmUnderTest();
      LabSettings settings = lab_of_policy(PolicyKind::best_of_n);
      settings.max_parallel = parallel;
      settings.stop.max_iterations = iterations;
      swarm.start(settings);
      const std::uint64_t leasable = pool("default").leasable;
      EXPECT_EQ(leased_to_all_who_ask(), leasable);
      EXPECT_EQ(pool("default").leasable, 0U);
      EXPECT_EQ(wanted(), leasable);
    }
  }
}

}  // namespace
}  // namespace swarmlab::swarm
