// Reworks: what an agent whose candidate failed the guard is told, what it may do about it, and
// when that ends.
#include <gtest/gtest.h>

#include "common/os/file.h"
#include "tests/worker/server/worker_under_test.h"
#include "worker/server/worker.h"

namespace swarmlab::worker {
namespace {

// The guard passes what scores 5; agents see how often it failed by the rework's number.
class Reworks : public WithSandbox {
 protected:
  void SetUp() override {
    WithSandbox::SetUp();
    if (testing::Test::IsSkipped()) return;
    settings.guard = Guard{
        .command = "grep -q score=5 pipeline/solve.sh || { echo it must be five >&2; exit 7; }",
        .timeout = std::chrono::seconds(60),
        .reworks = 2};
  }
  void TearDown() override {
    if (!worker) return;
    worker->leave();
    thread.join();
  }
  ScriptedCoordinator::Delivered report_of_agent(const std::string& command) {
    settings.agent.command = command;
    coordinator.give(task(2, settings));
    WorkerOptions options;
    options.address = folder.address();
    options.name = "w";
    options.folder = folder.path("worker");
    options.host_class = "epyc";
    options.version = "1.0";
    worker = must(Worker::start(options, std::move(sandbox), clock));
    thread = std::thread([this] { (void)worker->run(); });
    EXPECT_TRUE(coordinator.wait_for_reports(1));
    const auto delivered = coordinator.delivered();
    return delivered.empty() ? ScriptedCoordinator::Delivered{} : delivered.front();
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  LabSettings settings = lab_settings();
  std::unique_ptr<Worker> worker;
  std::thread thread;
};

TEST_F(Reworks, LetTheAgentRepairItsChangeWithTheGuardsWordsAtHand) {
  const auto delivered = report_of_agent(
      "if [ -z \"$SWARMLAB_REWORK\" ]; then echo echo METRIC score=9 > pipeline/solve.sh; exit; fi;"
      "echo rework $SWARMLAB_REWORK; cat $SWARMLAB_BRIEF; cat $SWARMLAB_GUARD_LOG;"
      "sed -i s/9/5/ pipeline/solve.sh");
  const Report& report = delivered.report;
  EXPECT_EQ(report.outcome, Outcome::measured) << report.reason;
  EXPECT_EQ(report.reworks, 1U);
  EXPECT_EQ(report.measurement->score, 5) << "its own change was still there";
  const std::string& log = delivered.attachments.agent_log;
  EXPECT_TRUE(has(log, "rework 1\n# Repair your change (1 of 2)\n")) << log;
  EXPECT_TRUE(has(log, "> it must be five\n")) << "the brief quotes it: " << log;
  EXPECT_TRUE(has(log, "# the brief\n")) << "what it was told at first stands below: " << log;
  EXPECT_TRUE(has(log, "--- stderr\nit must be five\n--- exit code 7")) << "the log: " << log;
  EXPECT_TRUE(has(delivered.attachments.guard_log, "exit code 7"));
  EXPECT_TRUE(has(delivered.attachments.guard_log, "=== rework 1\n"));
  ASSERT_TRUE(git::index_pack(lab.repository, delivered.pack, *report.commit));
  EXPECT_EQ(must(lab.repository.parents_of(*report.commit)), std::vector{lab.base})
      << "what failed the guard is no step of the history";
}

TEST_F(Reworks, EndAfterAsManyAsTheLabSays) {
  const auto delivered =
      report_of_agent("echo echo METRIC score=9${SWARMLAB_REWORK} > pipeline/solve.sh");
  EXPECT_EQ(delivered.report.outcome, Outcome::guard_failed);
  EXPECT_EQ(delivered.report.reworks, 2U);
  EXPECT_TRUE(has(delivered.report.reason, "after 2 reworks")) << delivered.report.reason;
  ASSERT_TRUE(delivered.report.tree) << "the last one is there to be looked at";
  ASSERT_TRUE(git::index_pack(lab.repository, delivered.pack, *delivered.report.commit));
  EXPECT_EQ(must(lab.repository.file_at(*delivered.report.tree, "pipeline/solve.sh")),
            "echo METRIC score=92\n");
}

TEST_F(Reworks, AreNoneWhereTheLabSaysSo) {
  settings.guard->reworks = 0;
  const auto delivered = report_of_agent("echo echo METRIC score=9 > pipeline/solve.sh");
  EXPECT_EQ(delivered.report.outcome, Outcome::guard_failed);
  EXPECT_EQ(delivered.report.reworks, 0U);
}

TEST_F(Reworks, EndWhereTheAgentMakesWhatFailedBefore) {
  const auto delivered = report_of_agent("echo run; echo echo METRIC score=9 > pipeline/solve.sh");
  EXPECT_EQ(delivered.report.outcome, Outcome::guard_failed);
  EXPECT_EQ(delivered.report.reworks, 1U);
  EXPECT_TRUE(has(delivered.report.reason, "rework 1 made what had failed before"))
      << delivered.report.reason;
  EXPECT_FALSE(has(delivered.attachments.guard_log, "=== rework"))
      << "the same tree is not guarded again";
}

TEST_F(Reworks, MayNotLeaveTheScope) {
  const auto delivered = report_of_agent(
      "echo echo METRIC score=9 > pipeline/solve.sh; [ -z \"$SWARMLAB_REWORK\" ] || echo 1 > new");
  EXPECT_EQ(delivered.report.outcome, Outcome::out_of_scope);
  EXPECT_EQ(delivered.report.paths, std::vector<std::string>{"new"});
  EXPECT_FALSE(delivered.report.commit);
  EXPECT_FALSE(delivered.report.tree);
}

TEST_F(Reworks, MayTakeEverythingBack) {
  const auto delivered = report_of_agent(
      "if [ -z \"$SWARMLAB_REWORK\" ]; then echo echo METRIC score=9 > pipeline/solve.sh; exit; fi;"
      "echo echo METRIC score=10 > pipeline/solve.sh");
  EXPECT_EQ(delivered.report.outcome, Outcome::no_change);
  EXPECT_FALSE(delivered.report.commit);
  EXPECT_EQ(delivered.report.reworks, 1U);
}

TEST_F(Reworks, CannotTouchTheGuard) {
  settings.guard->command = "sh guard.sh";
  const auto delivered = report_of_agent(
      "echo echo METRIC score=9${SWARMLAB_REWORK} > pipeline/solve.sh;"
      "[ -z \"$SWARMLAB_REWORK\" ] || { echo exit 0 > lab.toml; } 2>&1; echo tried");
  EXPECT_EQ(delivered.report.outcome, Outcome::guard_failed);
  EXPECT_TRUE(has(delivered.attachments.agent_log, "Read-only file system"))
      << delivered.attachments.agent_log;
}

TEST_F(Reworks, AddUpWhatTheyCost) {
  const auto delivered = report_of_agent(
      "echo echo METRIC score=9${SWARMLAB_REWORK} > pipeline/solve.sh;"
      "echo '{\"type\":\"result\",\"total_cost_usd\":0.25,\"usage\":{\"input_tokens\":10}}'");
  EXPECT_EQ(delivered.report.reworks, 2U);
  EXPECT_EQ(delivered.report.cost.usd, MicroUsd(750'000));
  EXPECT_EQ(delivered.report.cost.input_tokens, 30U);
}

// What one crash of a repair leaves is the candidate that failed, not a crash.
TEST_F(Reworks, ThatCrashLeaveTheGuardsFailureStanding) {
  const auto delivered = report_of_agent(
      "echo echo METRIC score=9 > pipeline/solve.sh;"
      "[ -z \"$SWARMLAB_REWORK\" ] || { echo > pipeline/solve.sh; exit 3; }");
  EXPECT_EQ(delivered.report.outcome, Outcome::guard_failed);
  EXPECT_TRUE(has(delivered.report.reason, "rework 1: agent")) << delivered.report.reason;
  ASSERT_TRUE(git::index_pack(lab.repository, delivered.pack, *delivered.report.commit));
  EXPECT_EQ(must(lab.repository.file_at(*delivered.report.tree, "pipeline/solve.sh")),
            "echo METRIC score=9\n");
}

TEST_F(Reworks, ShareTheTimeOfTheAgent) {
  settings.agent.timeout = std::chrono::milliseconds(1500);
  const auto delivered = report_of_agent(
      "echo echo METRIC score=9${SWARMLAB_REWORK} > pipeline/solve.sh;"
      "[ -z \"$SWARMLAB_REWORK\" ] && sleep 1 || sleep 60");
  EXPECT_EQ(delivered.report.outcome, Outcome::guard_failed) << delivered.report.reason;
  EXPECT_EQ(delivered.report.reworks, 1U);
  EXPECT_TRUE(has(delivered.report.reason, "timed out")) << delivered.report.reason;
}

// brief.md of the workspace is not collected, so it could be anything by the second round.
TEST_F(Reworks, WriteNothingWhereALinkOfTheAgentLeads) {
  const std::string target = folder.path("of-the-host");
  ASSERT_TRUE(write_file(target, "mine"));
  const auto delivered = report_of_agent(
      "rm -f brief.md results.tsv; ln -s " + target + " brief.md; ln -s " + target +
      " results.tsv; echo echo METRIC score=9${SWARMLAB_REWORK} > pipeline/solve.sh");
  EXPECT_EQ(delivered.report.reworks, 2U) << delivered.report.reason;
  EXPECT_EQ(must(read_file(target, 100)), "mine");
}

}  // namespace
}  // namespace swarmlab::worker
