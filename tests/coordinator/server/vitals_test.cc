// What the coordinator tells of itself: as many labels as there may be, whatever peers do, and
// every number from facts.
#include "coordinator/server/vitals.h"

#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::server {
namespace {

// A swarm whose facts and answers are counted.
class CountedSwarm : public swarm::SwarmUnderTest {
 public:
  Tally tally;

  void apply(const swarm::Change& change) override {
    tally.note(state, change, now);
    SwarmUnderTest::apply(change);
  }
  swarm::Reply hand_in_counted(const std::string& worker, const Report& report) {
    swarm::ReportArrived command{.worker = WorkerName(worker), .report = report, .decided = {}};
    const auto found = stored.find({report.lab, report.experiment});
    if (found != stored.end()) command.decided = found->second;
    const swarm::Reply reply = tell(command);
    tally.note(swarm::Command(command), reply, !last.empty());
    return reply;
  }
};

class VitalsTest : public testing::Test {
 protected:
  [[nodiscard]] Vitals vitals() const {
    return vitals_of({.state = swarm.state,
                      .rules = swarm.rules,
                      .tally = swarm.tally,
                      .refusals = refusals,
                      .disk = disk,
                      .reserve_bytes = 100,
                      .last_event = Sequence(7),
                      .peers = 3,
                      .started_at = Timestamp(Milliseconds(5000)),
                      .now = swarm.now,
                      .ahead = ahead});
  }
  void expect_line(const std::string& line) const {
    const std::string text = vitals().page.text();
    EXPECT_NE(text.find("\n" + line + "\n"), std::string::npos) << line << "\nis not in\n" << text;
  }

  CountedSwarm swarm;
  Refusals refusals;
  store::DiskRoom disk{.level = store::DiskLevel::ok, .free_bytes = 1000, .text = "ok"};
  Milliseconds ahead{0};
};

TEST_F(VitalsTest, CountExperimentsTasksAndMoney) {
  LabSettings settings = swarm::settings_named("lab");
  settings.stop.max_cost = MicroUsd(4'000'000);
  settings.stop.max_iterations = 4;
  swarm.start(settings);
  Report report = swarm.scored(swarm.work_for("w"), 9.0, 1'000'000);
  report.cost.input_tokens = 70;
  swarm.counted("w", report);
  expect_line(R"(swarmlab_experiments_total{lab="lab",verdict="keep"} 2)");
  expect_line(R"(swarmlab_experiments_total{lab="lab",verdict="crash"} 0)");
  expect_line(R"(swarmlab_tasks_total{lab="lab",verdict="keep"} 2)");
  expect_line(R"(swarmlab_agent_cost_dollars_total{lab="lab"} 1)");
  expect_line(R"(swarmlab_agent_tokens_total{lab="lab",kind="input"} 70)");
  expect_line(R"(swarmlab_budget_remaining_ratio{lab="lab",kind="cost"} 0.75)");
  expect_line(R"(swarmlab_budget_remaining_ratio{lab="lab",kind="experiments"} 0.75)");
  expect_line(R"(swarmlab_best_score{lab="lab",scale="base"} 9)");
  expect_line(R"(swarmlab_frontier_size{lab="lab"} 2)");
  expect_line(R"(swarmlab_lab_state{lab="lab",state="running"} 1)");
}

TEST_F(VitalsTest, CountLeasesThatAreLostAndReportsThatDoNotCount) {
  swarm.start(swarm::settings_named("lab"));
  const swarm::Task task = swarm.work_for("w");
  const swarm::Task other = swarm.work_for("w");
  expect_line(R"(swarmlab_leases{state="current"} 2)");
  expect_line(R"(swarmlab_slots{pool="default",state="busy"} 2)");
  swarm.pass(swarm.rules.lease + swarm.rules.grace);
  swarm.expect<swarm::Done>(swarm::TimePassed{});
  expect_line(R"(swarmlab_lease_expirations_total{reason="expired"} 2)");
  expect_line(R"(swarmlab_worker_lost_total{reason="silent"} 1)");
  expect_line(R"(swarmlab_workers{pool="default",state="silent"} 1)");
  expect_line(R"(swarmlab_tasks{lab="lab",state="waiting"} 2)");
  swarm.hand_in_counted("w", swarm.scored(task, 9.0));
  expect_line("swarmlab_stale_reports_total 1");
  swarm.arrive("v");
  swarm.pass(Milliseconds(5000));
  swarm.tell(
      swarm::Heartbeat{.worker = WorkerName("v"), .session = swarm.sessions["v"], .held = {}});
  const swarm::Task again = swarm.work_for("v");
  const Report report = swarm.scored(again, 9.0);
  swarm.hand_in_counted("v", report);
  swarm.hand_in_counted("v", report);
  expect_line("swarmlab_duplicate_reports_total 1");
  expect_line("swarmlab_task_queue_seconds_count 4");
  expect_line("swarmlab_task_queue_seconds_sum 5");
}

TEST_F(VitalsTest, TellWhatIsRefusedByWhetherItIsAboutIdentity) {
  refusals.count(Refusal::unknown_key, "x");
  refusals.count(Refusal::malformed, "x");
  refusals.count(Refusal::unread, "x");
  expect_line(R"(swarmlab_auth_failures_total{reason="unknown_key"} 1)");
  expect_line(R"(swarmlab_rejected_messages_total{reason="malformed"} 1)");
  expect_line("swarmlab_send_drops_total 1");
}

TEST_F(VitalsTest, HaveABoundedNumberOfLabsAndPools) {
  for (int i = 0; i < 150; ++i) swarm.open(swarm::settings_named("lab-" + std::to_string(i)));
  for (int i = 0; i < 90; ++i) {
    const std::string name = "w" + std::to_string(i);
    swarm.arrive(name);
    swarm::Worker worker = swarm.state.workers.at(WorkerName(name));
    worker.capacity.labels = {"pool=" + name};
    swarm.expect<swarm::Welcome>(
        swarm::WorkerArrived{.worker = worker, .session = swarm.sessions[name], .held = {}});
  }
  const std::string text = vitals().page.text();
  std::size_t labs = 0;
  std::size_t pools = 0;
  for (std::size_t at = 0; (at = text.find("\nswarmlab_frontier_size{", at)) != std::string::npos;
       ++at)
    ++labs;
  for (std::size_t at = 0; (at = text.find("\nswarmlab_demand_slots{", at)) != std::string::npos;
       ++at)
    ++pools;
  EXPECT_EQ(labs, kMostLabsTold);
  EXPECT_EQ(pools, kMostPoolsTold);
  expect_line(R"(swarmlab_hidden_series{kind="labs"} 50)");
  expect_line(R"(swarmlab_hidden_series{kind="pools"} 26)");
  EXPECT_NE(text.find("lab-149"), std::string::npos) << "the newest are told";
}

TEST_F(VitalsTest, SayWhatKeepsTheCoordinatorFromItsWork) {
  EXPECT_TRUE(vitals().reasons.empty());
  disk = {.level = store::DiskLevel::no_leases, .free_bytes = 200, .text = "little is free"};
  ahead = std::chrono::hours(1);
  const auto reasons = vitals().reasons;
  ASSERT_EQ(reasons.size(), 2U);
  EXPECT_EQ(reasons[0], (http::Reason{.what = "disk", .why = "little is free"}));
  EXPECT_EQ(reasons[1].what, "clock");
  EXPECT_FALSE(reasons[1].blocks);
  EXPECT_FALSE(http::is_ready(reasons));
  expect_line("swarmlab_disk_free_bytes 200");
}

}  // namespace
}  // namespace swarmlab::server
