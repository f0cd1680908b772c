// Turns: what is told is on disk, what is named is there, and what lies is refused.
#include "coordinator/server/engine.h"

#include <gtest/gtest.h>

#include "tests/coordinator/server/coordinator_under_test.h"
#include "tests/coordinator/store/faulty_disk.h"

namespace swarmlab::server {
namespace {

store::StoreOptions on(const store::Disk& disk) {
  store::StoreOptions options = store::small_options();
  options.env = disk.env();
  return options;
}

TEST(Turn, AnswersInTheOrderOfTheCommands) {
  CoordinatorUnderTest coordinator;
  std::vector<Step> steps;
  steps.push_back(step(coordinator.opening(lab_named("lab"))));
  steps.push_back(step(CoordinatorUnderTest::arrival("w", 1)));
  steps.push_back(step(swarm::WorkAsked{.worker = WorkerName("w"), .session = SessionId(1)}));
  steps.push_back(step(swarm::WorkAsked{.worker = WorkerName("w"), .session = SessionId(9)}));

  const auto replies = coordinator.turn(std::move(steps));

  ASSERT_EQ(replies.size(), 4U);
  EXPECT_TRUE(std::holds_alternative<swarm::LabIsOpen>(replies[0]));
  EXPECT_TRUE(std::holds_alternative<swarm::Welcome>(replies[1]));
  EXPECT_TRUE(std::holds_alternative<swarm::Granted>(replies[2]));
  EXPECT_TRUE(std::holds_alternative<swarm::SayHello>(replies[3]));
}

TEST(Turn, IsOneSyncedWriteHoweverManyCommandsItHas) {
  const store::Disk disk;
  CoordinatorUnderTest coordinator(on(disk));
  coordinator.open_lab();
  const std::uint64_t before = disk.log_syncs();
  std::vector<Step> steps;
  for (std::uint64_t i = 1; i <= 20; ++i)
    steps.push_back(step(CoordinatorUnderTest::arrival(fmt::format("w{}", i), i)));

  coordinator.turn(std::move(steps));

  EXPECT_EQ(disk.log_syncs(), before + 1);
}

TEST(Turn, ThatCannotBeMadeDurableAnswersNobodyAndNoneFollowsIt) {
  store::Disk disk;
  CoordinatorUnderTest coordinator(on(disk));
  coordinator.open_lab();
  disk.fail_log_sync_after(0);

  std::vector<Step> steps;
  steps.push_back(step(CoordinatorUnderTest::arrival("w", 1)));
  EXPECT_FALSE(coordinator.engine->turn(std::move(steps)));

  steps.clear();
  steps.push_back(step(CoordinatorUnderTest::arrival("v", 2)));
  EXPECT_FALSE(coordinator.engine->turn(std::move(steps)))
      << "memory is ahead of the disk: only a restart helps";
}

TEST(Turn, StoresTheCandidateBeforeTheRecordThatNamesIt) {
  store::Disk disk;
  CoordinatorUnderTest coordinator(on(disk));
  coordinator.begin();
  const swarm::Task task = coordinator.work_for("w");
  const Candidate made = coordinator.candidate(task);
  const Report report = coordinator.scored(task, 9, made);
  disk.fail_log_sync_after(0);

  std::vector<Step> steps;
  steps.push_back(CoordinatorUnderTest::handing_in("w", report, made.pack));
  ASSERT_FALSE(coordinator.engine->turn(std::move(steps)));

  EXPECT_TRUE(must(store::Objects::open(coordinator.objects_folder())).has(made.commit));
}

TEST(Turn, KeepsWhatAReportBrought) {
  CoordinatorUnderTest coordinator;
  coordinator.begin();
  const swarm::Task task = coordinator.work_for("w");
  const Candidate made = coordinator.candidate(task);
  Step report = CoordinatorUnderTest::handing_in("w", coordinator.scored(task, 9, made), made.pack);
  report.attachments.evaluator_log = "score 9";

  EXPECT_EQ(coordinator.expect<swarm::ReportCounted>(std::move(report)).verdict, Verdict::keep);

  EXPECT_EQ(coordinator.stored(task.experiment).commit, made.commit);
  EXPECT_EQ(must(coordinator.engine->objects().tree_of(made.commit)), made.tree);
  EXPECT_EQ(must(coordinator.engine->store().attachments(LabId(1), task.experiment)).evaluator_log,
            "score 9");
}

TEST(Turn, GivesTheSameReportTheSameAnswerInTheSameBurstLaterAndAfterARestart) {
  CoordinatorUnderTest coordinator;
  coordinator.begin();
  const swarm::Task task = coordinator.work_for("w");
  const Candidate made = coordinator.candidate(task);
  Report report = coordinator.scored(task, 9, made);
  report.cost.usd = MicroUsd(50);
  std::vector<Step> twice;
  twice.push_back(CoordinatorUnderTest::handing_in("w", report, made.pack));
  twice.push_back(CoordinatorUnderTest::handing_in("w", report, made.pack));

  const auto replies = coordinator.turn(std::move(twice));

  ASSERT_EQ(replies.size(), 2U);
  for (const swarm::Reply& reply : replies) {
    const auto* counted = std::get_if<swarm::ReportCounted>(&reply);
    ASSERT_NE(counted, nullptr) << swarm::SwarmUnderTest::said(reply);
    EXPECT_EQ(counted->verdict, Verdict::keep);
  }
  EXPECT_EQ(coordinator.counted("w", report).verdict, Verdict::keep);
  coordinator.start();
  EXPECT_EQ(coordinator.counted("w", report, made.pack).verdict, Verdict::keep);
  EXPECT_EQ(coordinator.stored(task.experiment).cost.usd, MicroUsd(50));
  EXPECT_EQ(coordinator.engine->state().labs.at(LabId(1)).counters.iterations, 1U);
}

// A worker lost its lease, another one did its task; its late report costs once.
class LateReport : public testing::Test {
 protected:
  LateReport() {
    coordinator.begin();
    const swarm::Task lost = coordinator.work_for("w");
    late = coordinator.ended(lost, Outcome::crash);
    late.cost.usd = MicroUsd(70);
    coordinator.arrive("w", 2);  // it was started anew: nothing runs there any more
    coordinator.arrive("v", 3);
    again = coordinator.work_for("v", 3);
    EXPECT_EQ(again.id, lost.id);
    made = coordinator.candidate(again);
    good = coordinator.scored(again, 9, made);
    good.cost.usd = MicroUsd(5);
  }
  [[nodiscard]] MicroUsd cost() const { return coordinator.stored(again.experiment).cost.usd; }

  CoordinatorUnderTest coordinator;
  swarm::Task again;
  Candidate made;
  Report late;
  Report good;
};

TEST_F(LateReport, ThatComesTwiceInOneBurstIsChargedOnce) {
  coordinator.counted("v", good, made.pack);
  std::vector<Step> twice;
  twice.push_back(CoordinatorUnderTest::handing_in("w", late));
  twice.push_back(CoordinatorUnderTest::handing_in("w", late));
  coordinator.turn(std::move(twice));
  EXPECT_EQ(cost(), MicroUsd(75));
}

TEST_F(LateReport, IsChargedOnceAlsoIfItsTaskIsDecidedInTheSameBurst) {
  std::vector<Step> burst;
  burst.push_back(CoordinatorUnderTest::handing_in("w", late));
  burst.push_back(CoordinatorUnderTest::handing_in("v", good, made.pack));
  burst.push_back(CoordinatorUnderTest::handing_in("w", late));
  const auto replies = coordinator.turn(std::move(burst));
  ASSERT_EQ(replies.size(), 3U);
  EXPECT_TRUE(std::holds_alternative<swarm::ReportStale>(replies[0]));
  EXPECT_TRUE(std::holds_alternative<swarm::ReportCounted>(replies[1]));
  EXPECT_TRUE(std::holds_alternative<swarm::ReportStale>(replies[2]));
  EXPECT_EQ(cost(), MicroUsd(75));
  EXPECT_EQ(coordinator.engine->state().labs.at(LabId(1)).budget.spent, MicroUsd(75));
}

// Workers that lie. Whatever they say, no record names what is not a candidate of the task.
class Lie : public testing::Test {
 protected:
  void SetUp() override {
    coordinator.begin();
    task = coordinator.work_for("w");
    made = coordinator.candidate(task);
  }
  // Counts as a crash that names no candidate, and says what was wrong.
  void expect_refused(const Report& report, std::string_view pack, const std::string& because) {
    const auto counted = coordinator.counted("w", report, pack);
    EXPECT_EQ(counted.verdict, Verdict::crash);
    EXPECT_NE(counted.reason.find("the candidate was refused"), std::string::npos)
        << counted.reason;
    EXPECT_NE(counted.reason.find(because), std::string::npos) << counted.reason;
    const Experiment kept = coordinator.stored(report.experiment);
    EXPECT_FALSE(kept.commit);
    EXPECT_FALSE(kept.tree);
    EXPECT_FALSE(kept.score());
  }

  CoordinatorUnderTest coordinator;
  swarm::Task task;
  Candidate made;
};

TEST_F(Lie, OfACommitThatThePackDoesNotBring) {
  const Candidate other = coordinator.lab.candidate(task.parent_commit, "pipeline/x.py", "x\n");
  expect_refused(coordinator.scored(task, 1, other), made.pack,
                 fmt::format("commit {}", other.commit.hex()));
}

TEST_F(Lie, OfAnotherTree) {
  const Candidate other = coordinator.lab.candidate(task.parent_commit, "pipeline/x.py", "x\n");
  expect_refused(coordinator.scored(task, 1, made.commit, other.tree), made.pack, "its tree is");
}

TEST_F(Lie, OfAChangeOutsideTheScope) {
  const Candidate outside = coordinator.lab.candidate(task.parent_commit, "lab.toml", "[lab]\nx\n");
  expect_refused(coordinator.scored(task, 1, outside), outside.pack, "not editable: lab.toml");
}

TEST_F(Lie, OfAnotherParent) {
  const Candidate child = coordinator.lab.candidate(made.commit, "pipeline/x.py", "x\n");
  expect_refused(coordinator.scored(task, 1, child), made.pack + child.pack, "");
}

TEST_F(Lie, WithAPackThatIsNone) {
  expect_refused(coordinator.scored(task, 1, made), "PACK and nothing else", "");
}

TEST_F(Lie, WithoutAPack) {
  expect_refused(coordinator.scored(task, 1, made), {}, "");
}

TEST_F(Lie, ThatNamesACommitWhichIsHereForAnotherReason) {
  const Report report = coordinator.baseline(task, 1);  // an explorer names the lab's own commit
  expect_refused(report, {}, "its parent is none");
}

TEST_F(Lie, OfACommitWithoutATree) {
  Report report = coordinator.ended(task, Outcome::crash);
  report.commit = swarm::object(66);
  expect_refused(report, {}, "a commit without its tree");
}

TEST_F(Lie, OfATreeThatNobodyBroughtDoesNotMakeItKnown) {
  Report report = coordinator.ended(task, Outcome::crash);
  report.tree = made.tree;  // of a candidate that somebody else may find
  coordinator.counted("w", report);
  EXPECT_FALSE(coordinator.engine->state().labs.at(LabId(1)).trees.contains(made.tree));
}

TEST(LieOfABaseline, ThatIsNotTheLabsOwnCommitIsRefused) {
  CoordinatorUnderTest coordinator;
  coordinator.open_lab();
  coordinator.arrive("w");
  const swarm::Task task = coordinator.work_for("w");
  const Candidate better =
      coordinator.lab.candidate(coordinator.lab.base(), "pipeline/solve.py", "print(0)\n");

  const auto counted = coordinator.counted("w", coordinator.scored(task, 1, better), better.pack);

  EXPECT_EQ(counted.verdict, Verdict::crash);
  EXPECT_NE(counted.reason.find("what was to be measured is"), std::string::npos) << counted.reason;
}

TEST(Turn, RefusesOneCandidateAlone) {
  CoordinatorUnderTest coordinator;
  coordinator.begin();
  const swarm::Task bad_task = coordinator.work_for("w");
  const swarm::Task good_task = coordinator.work_for("w");
  const Candidate good = coordinator.candidate(good_task);
  const Candidate bad = coordinator.lab.candidate(bad_task.parent_commit, "README", "hello\n");
  std::vector<Step> burst;
  burst.push_back(
      CoordinatorUnderTest::handing_in("w", coordinator.scored(bad_task, 1, bad), bad.pack));
  burst.push_back(
      CoordinatorUnderTest::handing_in("w", coordinator.scored(good_task, 9, good), good.pack));

  const auto replies = coordinator.turn(std::move(burst));

  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(std::get<swarm::ReportCounted>(replies[0]).verdict, Verdict::crash);
  EXPECT_EQ(std::get<swarm::ReportCounted>(replies[1]).verdict, Verdict::keep);
}

TEST(Turn, TakesBackWhatIsHandedBackAlsoIfItsCandidateNeverCame) {
  CoordinatorUnderTest coordinator;
  coordinator.begin();
  const swarm::Task task = coordinator.work_for("w");
  const Candidate made = coordinator.candidate(task);
  Report report = coordinator.ended(task, Outcome::returned);
  report.commit = made.commit;
  report.tree = made.tree;

  coordinator.expect<swarm::ReportStale>(CoordinatorUnderTest::handing_in("w", report));

  ASSERT_TRUE(coordinator.engine->state().tasks.contains(task.id));
  EXPECT_FALSE(coordinator.engine->state().tasks.at(task.id).lease);
}

TEST(Turn, GivesNothingAndTakesNothingWhileTheDiskIsFull) {
  CoordinatorUnderTest coordinator;
  coordinator.begin();
  const swarm::Task task = coordinator.work_for("w");
  const Candidate made = coordinator.candidate(task);
  const Report report = coordinator.scored(task, 9, made);
  coordinator.start_on_full_disk();

  const auto nothing = coordinator.expect<swarm::NothingToDo>(
      step(swarm::WorkAsked{.worker = WorkerName("w"), .session = SessionId(1)}));
  EXPECT_NE(nothing.because.find("free, expected"), std::string::npos) << nothing.because;
  EXPECT_GT(nothing.retry_after, coordinator.rules.retry_ask) << "nobody hammers a full disk";
  const auto refused =
      coordinator.expect<Error>(CoordinatorUnderTest::handing_in("w", report, made.pack));
  EXPECT_EQ(refused.code, ErrorCode::unavailable) << "the worker keeps it and tries again";
  EXPECT_FALSE(coordinator.engine->objects().has(made.commit));

  coordinator.start();
  EXPECT_EQ(coordinator.counted("w", report, made.pack).verdict, Verdict::keep);
}

TEST(Turn, HearsHeartbeatsWhileTheDiskIsFull) {
  CoordinatorUnderTest coordinator;
  coordinator.begin();
  coordinator.start_on_full_disk();
  coordinator.expect<swarm::SayHello>(
      step(swarm::Heartbeat{.worker = WorkerName("w"), .session = SessionId(1), .held = {}}));
}

TEST(Assignment, OfABaselineHasNoBrief) {
  CoordinatorUnderTest coordinator;
  coordinator.open_lab();
  coordinator.arrive("w");
  const TaskId task = coordinator.work_for("w").id;
  const auto assignment = must(coordinator.engine->assignment(task));
  EXPECT_EQ(assignment.kind, TaskKind::baseline);
  EXPECT_EQ(assignment.parent_commit, coordinator.lab.base());
  EXPECT_EQ(must(coordinator.engine->briefing(task)), Briefing{});
}

TEST(Assignment, TellsWhatItDescendsFromWhatWasTriedAndWhatRuns) {
  CoordinatorUnderTest coordinator;
  coordinator.begin();
  coordinator.run(9, "halve the step");
  coordinator.run(11, "double the step");
  const swarm::Task other = coordinator.work_for("w");
  const TaskId task = coordinator.work_for("w").id;
  const auto assignment = must(coordinator.engine->assignment(task));
  const auto briefing = must(coordinator.engine->briefing(task));

  EXPECT_EQ(assignment.parent, ExperimentNumber(2));
  EXPECT_EQ(assignment.lab_commit, coordinator.lab.base());
  const auto has = [&](const std::string& text) {
    return briefing.brief.find(text) != std::string::npos;
  };
  EXPECT_TRUE(has("experiment 2: 9, \"halve the step\"\n- experiment 1: 10 (baseline)"))
      << briefing.brief;
  EXPECT_TRUE(has("- 3 (discard, 11): \"double the step\"")) << briefing.brief;
  EXPECT_TRUE(has(fmt::format("- experiment {}: not told yet", other.experiment.value())))
      << briefing.brief;
  EXPECT_NE(briefing.results.find("exp_002\t"), std::string::npos);
}

TEST(Assignment, OfATaskThatIsOverIsNotFound) {
  CoordinatorUnderTest coordinator;
  coordinator.begin();
  const auto none = coordinator.engine->assignment(TaskId(1));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::not_found);
  EXPECT_FALSE(coordinator.engine->briefing(TaskId(1)));
}

TEST(Engine, KnowsAfterARestartWhatBriefsAreWrittenFrom) {
  CoordinatorUnderTest coordinator;
  coordinator.begin();
  coordinator.run(9, "halve the step");
  coordinator.start();
  coordinator.arrive("w", 5);
  const auto briefing = must(coordinator.engine->briefing(coordinator.work_for("w", 5).id));
  EXPECT_NE(briefing.brief.find("\"halve the step\""), std::string::npos) << briefing.brief;
}

TEST(Engine, GivesLeasesAFullGracePeriodAfterARestart) {
  CoordinatorUnderTest coordinator;
  coordinator.begin();
  const swarm::Task task = coordinator.work_for("w");
  coordinator.clock.pass(std::chrono::hours(1));  // nobody was there to hear heartbeats
  coordinator.start();
  coordinator.tell(step(swarm::TimePassed{}));
  EXPECT_TRUE(coordinator.engine->state().tasks.at(task.id).lease);
  coordinator.clock.pass(coordinator.rules.grace);
  coordinator.tell(step(swarm::TimePassed{}));
  EXPECT_FALSE(coordinator.engine->state().tasks.at(task.id).lease);
}

TEST(Engine, LeavesRefsForPeopleWhenItCloses) {
  CoordinatorUnderTest coordinator;
  coordinator.begin();
  coordinator.run(9);
  ASSERT_TRUE(coordinator.engine->close());
  const auto refs = store::run_git(coordinator.objects_folder(), "for-each-ref");
  EXPECT_TRUE(refs.well);
  EXPECT_NE(refs.text.find("refs/swarmlab/lab/exp/2"), std::string::npos) << refs.text;
  EXPECT_NE(refs.text.find("refs/swarmlab/lab/best"), std::string::npos) << refs.text;
}

}  // namespace
}  // namespace swarmlab::server
