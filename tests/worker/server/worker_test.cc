// A whole worker: from the task to the report that the coordinator hears.
#include "worker/server/worker.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <tuple>

#include "tests/worker/server/worker_under_test.h"
#include "worker/spool/spool.h"

namespace swarmlab::worker {
namespace {

using Kind = ScriptedCoordinator::Kind;
using Asked = ScriptedCoordinator::Asked;
using Reply = ScriptedCoordinator::Reply;

class WorkerTest : public WithSandbox {
 protected:
  void TearDown() override { (void)leave(); }

  [[nodiscard]] std::string own_folder() const { return folder.path("worker"); }
  [[nodiscard]] WorkerOptions options() const {
    WorkerOptions chosen;
    chosen.address = folder.address();
    chosen.name = "w";
    chosen.folder = own_folder();
    chosen.host_class = "epyc";
    chosen.version = "1.0";
    return chosen;
  }
  void start(std::uint32_t slots = 1) {
    WorkerOptions chosen = options();
    chosen.slots = slots;
    worker = must(Worker::start(chosen, std::move(sandbox), clock));
    thread = std::thread([this] { end = worker->run(); });
  }
  // What run() gave.
  Result<void> leave() {
    if (!thread.joinable()) return end;
    worker->leave();
    thread.join();
    return end;
  }
  Result<void> wait_for_end() {
    thread.join();
    return end;
  }
  // The report of the first task.
  ScriptedCoordinator::Delivered report_of(const Assignment& assignment) {
    coordinator.give(assignment);
    if (!worker) start();
    EXPECT_TRUE(coordinator.wait_for_reports(1));
    const auto delivered = coordinator.delivered();
    return delivered.empty() ? ScriptedCoordinator::Delivered{} : delivered.front();
  }
  ScriptedCoordinator::Delivered report_of_agent(const std::string& command) {
    LabSettings settings = lab_settings();
    settings.agent.command = command;
    return report_of(task(2, settings));
  }
  [[nodiscard]] std::vector<SpooledReport> spooled() const {
    return must(must(Spool::open(own_folder() + "/spool")).read_all()).reports;
  }

  std::unique_ptr<Worker> worker;
  std::thread thread;
  Result<void> end;
};

TEST_F(WorkerTest, MakesAnAgentsChangeAReportWithThePackOfItsCandidate) {
  const auto delivered = report_of_agent(
      "echo I think; cat brief.md results.tsv; echo echo METRIC score=9 > pipeline/solve.sh; "
      "echo '{\"hypothesis\": \"nine is less\"}' > $SWARMLAB_OUTCOME");
  const Report& report = delivered.report;
  EXPECT_EQ(report.outcome, Outcome::measured) << report.reason;
  ASSERT_TRUE(report.measurement);
  EXPECT_EQ(report.measurement->score, 9);
  EXPECT_EQ(report.measurement->worker, WorkerName("w"));
  EXPECT_EQ(report.measurement->identity.tree, *report.tree);
  EXPECT_EQ(report.measurement->identity.host_class, "epyc");
  EXPECT_EQ(report.notes.hypothesis, "nine is less");
  EXPECT_EQ(report.stages.size(), 7U) << "all but the guard";
  EXPECT_NE(delivered.attachments.agent_log.find("I think\n# the brief\nthe results\n"),
            std::string::npos)
      << delivered.attachments.agent_log;
  EXPECT_NE(delivered.attachments.evaluator_log.find("METRIC score=9"), std::string::npos);

  ASSERT_TRUE(git::index_pack(lab.repository, delivered.pack, *report.commit));
  EXPECT_EQ(must(lab.repository.tree_of(*report.commit)), *report.tree);
  EXPECT_EQ(must(lab.repository.parents_of(*report.commit)), std::vector{lab.base});
  EXPECT_EQ(must(lab.repository.file_at(*report.tree, "pipeline/solve.sh")),
            "echo METRIC score=9\n");
  EXPECT_TRUE(must(lab.repository.message_of(*report.commit)).starts_with("nine is less\n"));

  EXPECT_TRUE(leave());
  EXPECT_TRUE(spooled().empty()) << "it was acknowledged";
  EXPECT_TRUE(std::filesystem::is_empty(own_folder() + "/work"));
  EXPECT_EQ(coordinator.count(Kind::BYE), 1);
}

TEST_F(WorkerTest, MeasuresABaselineWithoutAnAgent) {
  LabSettings settings = lab_settings();
  settings.agent.command = "false";
  const auto delivered = report_of(baseline(settings));
  EXPECT_EQ(delivered.report.outcome, Outcome::measured) << delivered.report.reason;
  EXPECT_EQ(delivered.report.commit, lab.base);
  EXPECT_EQ(delivered.report.measurement->score, 10);
  EXPECT_EQ(delivered.pack, "");
}

TEST_F(WorkerTest, AsksForTheNextTaskWithItsReport) {
  coordinator.give(task(2, lab_settings()));
  coordinator.give(task(3, lab_settings()));
  start();
  ASSERT_TRUE(coordinator.wait_for_reports(2));
  EXPECT_EQ(coordinator.delivered()[1].report.experiment, ExperimentNumber(3));
  EXPECT_EQ(coordinator.count(Kind::FETCH), 1) << "its objects are here already";
  EXPECT_TRUE(leave());
}

TEST_F(WorkerTest, WorksInAllOfItsSlotsAtOnce) {
  for (std::uint64_t i = 2; i <= 9; ++i) coordinator.give(task(i, lab_settings()));
  start(4);
  ASSERT_TRUE(coordinator.wait_for_reports(8));
  for (const auto& delivered : coordinator.delivered())
    EXPECT_EQ(delivered.report.outcome, Outcome::measured) << delivered.report.reason;
  EXPECT_TRUE(leave());
}

TEST_F(WorkerTest, SaysWhatLeftTheScope) {
  const auto delivered =
      report_of_agent("echo 1 > new_file; echo echo METRIC score=0 > pipeline/solve.sh");
  EXPECT_EQ(delivered.report.outcome, Outcome::out_of_scope);
  EXPECT_EQ(delivered.report.paths, std::vector<std::string>{"new_file"});
  EXPECT_NE(delivered.report.reason.find("1 path left the scope: new_file"), std::string::npos);
  EXPECT_FALSE(delivered.report.commit);
  EXPECT_FALSE(delivered.report.measurement);
}

TEST_F(WorkerTest, SaysThatNothingChanged) {
  const auto delivered = report_of_agent("echo I looked around");
  EXPECT_EQ(delivered.report.outcome, Outcome::no_change);
  EXPECT_FALSE(delivered.report.measurement);
}

TEST_F(WorkerTest, DoesNotMeasureATreeThatIsKnown) {
  coordinator.know_tree(5);
  const auto delivered = report_of(task(6, lab_settings()));
  EXPECT_EQ(delivered.report.outcome, Outcome::duplicate);
  EXPECT_EQ(delivered.report.reason, "same tree as #5: not measured again");
  EXPECT_TRUE(delivered.report.tree);
  EXPECT_EQ(delivered.attachments.evaluator_log, "");
}

TEST_F(WorkerTest, SaysHowAnAgentFailed) {
  const auto delivered = report_of_agent("echo no idea >&2; exit 3");
  EXPECT_EQ(delivered.report.outcome, Outcome::crash);
  EXPECT_NE(delivered.report.reason.find("exit code 3"), std::string::npos)
      << delivered.report.reason;
  EXPECT_NE(delivered.attachments.agent_log.find("no idea"), std::string::npos);
}

TEST_F(WorkerTest, KeepsTheCandidateThatAGuardOrAnEvaluatorRefuses) {
  LabSettings guarded = lab_settings();
  guarded.guard = Guard{.command = "echo too slow; exit 1"};
  coordinator.give(task(2, guarded));
  LabSettings unscored = lab_settings();
  unscored.evaluator.how = evaluator("echo nothing");
  coordinator.give(task(3, unscored));
  start();
  ASSERT_TRUE(coordinator.wait_for_reports(2));
  const auto delivered = coordinator.delivered();
  EXPECT_EQ(delivered[0].report.outcome, Outcome::guard_failed);
  EXPECT_NE(delivered[0].attachments.guard_log.find("too slow"), std::string::npos);
  EXPECT_EQ(delivered[1].report.outcome, Outcome::invalid);
  for (const auto& one : delivered) {
    ASSERT_TRUE(one.report.commit);
    EXPECT_TRUE(git::index_pack(lab.repository, one.pack, *one.report.commit));
  }
}

TEST_F(WorkerTest, PutsWarningsOfTheEvaluatorIntoItsLog) {
  LabSettings settings = lab_settings();
  settings.evaluator.how = evaluator("echo METRIC score=3; echo METRIC loss=nan; echo METRIC t=2");
  const auto delivered = report_of(task(2, settings));
  EXPECT_EQ(delivered.report.outcome, Outcome::measured) << delivered.report.reason;
  EXPECT_TRUE(delivered.attachments.evaluator_log.find("\nwarning: metric loss") !=
              std::string::npos)
      << delivered.attachments.evaluator_log;
  EXPECT_TRUE(delivered.attachments.evaluator_log.ends_with("left out\n"))
      << delivered.attachments.evaluator_log;
}

TEST_F(WorkerTest, DeliversWhatALifeBeforeLeftFirst) {
  SpooledReport old;
  old.report.task = TaskId(7);
  old.report.token = FencingToken(70);
  old.report.experiment = ExperimentNumber(7);
  old.report.outcome = Outcome::crash;
  old.report.reason = "of a life before";
  old.pack = "a pack";
  ASSERT_TRUE(must(Spool::open(own_folder() + "/spool")).put(old));
  EXPECT_TRUE(has_undelivered_reports(own_folder()));
  coordinator.give(task(8, lab_settings()));
  start();
  ASSERT_TRUE(coordinator.wait_for_reports(2));

  const auto hellos = coordinator.hellos();
  ASSERT_FALSE(hellos.empty());
  ASSERT_EQ(hellos[0].held.size(), 1U) << "else its lease would be taken for lost";
  EXPECT_EQ(hellos[0].held[0], std::pair(std::uint64_t{7}, std::uint64_t{70}));
  EXPECT_EQ(coordinator.delivered()[0].report, old.report);
  EXPECT_EQ(coordinator.delivered()[0].pack, "a pack");
  EXPECT_TRUE(leave());
  EXPECT_FALSE(has_undelivered_reports(own_folder()));
}

TEST_F(WorkerTest, KeepsItsReportsWhenACoordinatorOfAnotherReleaseRefusesIt) {
  SpooledReport old;
  old.report.task = TaskId(7);
  old.report.token = FencingToken(70);
  ASSERT_TRUE(must(Spool::open(own_folder() + "/spool")).put(old));
  coordinator.on(Kind::HELLO, [](Asked, Reply reply) {
    wire::write(reply.initError(), Error{ErrorCode::invalid_input, "use the same release"});
  });
  start();
  const auto ended = wait_for_end();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().message, "use the same release");
  EXPECT_EQ(spooled().size(), 1U);
}

TEST_F(WorkerTest, ForgetsAReportThatTheCoordinatorRefusesForGood) {
  SpooledReport old;
  old.report.task = TaskId(7);
  old.report.token = FencingToken(70);
  ASSERT_TRUE(must(Spool::open(own_folder() + "/spool")).put(old));
  coordinator.on(Kind::WORK, [](Asked asked, Reply reply) {
    auto work = reply.initWorkReply();
    if (asked.getWork().hasReport()) work.getReport().setRefused("it makes no sense");
    if (asked.getWork().getAsk()) work.getTask().initNothing().setRetryMs(20);
  });
  start();
  ASSERT_TRUE(coordinator.wait_for(Kind::WORK, 2));
  EXPECT_TRUE(leave());
  EXPECT_TRUE(spooled().empty());
}

TEST_F(WorkerTest, KeepsAReportThatNobodyTakesForItsNextLife) {
  coordinator.on(Kind::WORK, [this, given = false](Asked asked, Reply reply) mutable {
    if (asked.getWork().hasReport())
      return wire::write(reply.initError(), Error{ErrorCode::unavailable, "the disk is full"});
    if (!given)
      wire::write(reply.initWorkReply().getTask().initAssignment(), task(2, lab_settings()));
    given = true;
  });
  start();
  ASSERT_TRUE(coordinator.wait_for(Kind::WORK, 3));
  EXPECT_EQ(spooled().size(), 1U) << "on disk before it is told";
  coordinator.go_away();
  EXPECT_TRUE(leave());
  EXPECT_EQ(spooled().size(), 1U);
  EXPECT_TRUE(has_undelivered_reports(own_folder()));
}

TEST_F(WorkerTest, GoesOnWhileTheCoordinatorIsAway) {
  LabSettings settings = lab_settings();
  settings.agent.command = "sleep 1; " + settings.agent.command;
  coordinator.give(task(2, settings));
  start();
  ASSERT_TRUE(coordinator.wait_until([&] { return !coordinator.held().empty(); }));
  coordinator.go_away();
  coordinator.forget_sessions();
  coordinator.serve_at(folder.address());
  ASSERT_TRUE(coordinator.wait_for_reports(1));
  EXPECT_EQ(coordinator.delivered()[0].report.outcome, Outcome::measured);
  const auto hellos = coordinator.hellos();
  ASSERT_GE(hellos.size(), 2U);
  EXPECT_EQ(hellos.back().held.size(), 1U) << "it still holds its lease";
  EXPECT_TRUE(leave());
}

TEST_F(WorkerTest, HandsBackWhatTheCoordinatorDrops) {
  LabSettings settings = lab_settings();
  settings.agent.command = "sleep 600";
  coordinator.give(task(2, settings));
  coordinator.drop(2, 20);
  start();
  ASSERT_TRUE(coordinator.wait_for_reports(1));
  EXPECT_EQ(coordinator.delivered()[0].report.outcome, Outcome::returned);
  EXPECT_TRUE(leave());
  EXPECT_TRUE(spooled().empty());
}

TEST_F(WorkerTest, FinishesWhatRunsWhenItIsToldToLeave) {
  LabSettings settings = lab_settings();
  settings.agent.command = "sleep 1; " + settings.agent.command;
  coordinator.give(task(2, settings));
  coordinator.give(task(3, settings));
  start();
  ASSERT_TRUE(coordinator.wait_until([&] { return !coordinator.held().empty(); }));
  EXPECT_TRUE(leave());
  ASSERT_EQ(coordinator.delivered().size(), 1U) << "and takes nothing more";
  EXPECT_EQ(coordinator.delivered()[0].report.outcome, Outcome::measured);
}

TEST_F(WorkerTest, LeavesWhenTheCoordinatorDrainsIt) {
  start();
  ASSERT_TRUE(coordinator.wait_for(Kind::WORK));
  coordinator.drain();
  EXPECT_TRUE(wait_for_end());
  EXPECT_EQ(coordinator.count(Kind::BYE), 1);
}

TEST_F(WorkerTest, HandsBackWhatRunsWhenItMustLeaveNow) {
  LabSettings agent_runs = lab_settings();
  agent_runs.agent.command = "sleep 600";
  coordinator.give(task(2, agent_runs));
  LabSettings evaluator_runs = lab_settings();
  evaluator_runs.agent.command = "echo sleep 600 > pipeline/solve.sh";
  coordinator.give(task(3, evaluator_runs));
  start(2);
  ASSERT_TRUE(coordinator.wait_for(Kind::TREE_CHECK)) << "one of them is to be evaluated";
  worker->leave_now();
  EXPECT_TRUE(wait_for_end());
  const auto delivered = coordinator.delivered();
  ASSERT_EQ(delivered.size(), 2U);
  for (const auto& one : delivered) {
    EXPECT_EQ(one.report.outcome, Outcome::returned) << one.report.reason;
    EXPECT_FALSE(one.report.commit) << "nothing brings it";
    EXPECT_FALSE(one.report.tree);
    EXPECT_EQ(one.pack, "");
  }
  EXPECT_TRUE(spooled().empty());
}

TEST_F(WorkerTest, IsAloneInItsFolder) {
  EXPECT_FALSE(is_worker_folder_taken(own_folder()));
  start();
  EXPECT_TRUE(is_worker_folder_taken(own_folder()));
  const auto second = Worker::start(options(), nullptr, clock);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_TRUE(leave());
  worker.reset();
  EXPECT_FALSE(is_worker_folder_taken(own_folder()));
}

TEST_F(WorkerTest, WaitsForALockThatAKilledOnesChildStillHolds) {
  std::filesystem::create_directories(own_folder());
  const int held = ::open((own_folder() + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(::flock(held, LOCK_EX | LOCK_NB), 0);
  std::jthread child([&] {
    std::ignore = CancelToken().wait(Milliseconds(200));
    ::close(held);
  });
  start();
  EXPECT_TRUE(leave());
}

TEST_F(WorkerTest, HandsBackWhatASignalEndedTogetherWithIt) {
  LabSettings settings = lab_settings();
  settings.agent.command = "sleep 1; kill -TERM $$";  // as from outside
  coordinator.give(task(2, settings));
  start();
  ASSERT_TRUE(coordinator.wait_until([&] { return !coordinator.held().empty(); }));
  worker->leave();
  EXPECT_TRUE(wait_for_end());
  ASSERT_EQ(coordinator.delivered().size(), 1U);
  EXPECT_EQ(coordinator.delivered()[0].report.outcome, Outcome::returned);
}

TEST_F(WorkerTest, ClearsWhatAKilledOneLeft) {
  std::filesystem::create_directories(own_folder() + "/work/attempt-x/workspace");
  start();
  EXPECT_FALSE(std::filesystem::exists(own_folder() + "/work/attempt-x"));
  EXPECT_TRUE(leave());
}

}  // namespace
}  // namespace swarmlab::worker
