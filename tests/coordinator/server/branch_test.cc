// A branch is a lab that starts from another's experiment, by a message or on the store alone.
#include "coordinator/server/branch.h"

#include <gtest/gtest.h>

#include "common/lab/lab.h"
#include "common/lab/scope.h"
#include "tests/coordinator/server/coordinator_under_test.h"
#include "tests/coordinator/server/desk_under_test.h"

namespace swarmlab::server {
namespace {

class Branching : public testing::Test {
 protected:
  CoordinatorUnderTest coordinator;

  void SetUp() override {
    LabSettings settings = must(read_lab(store::kLabToml, "", "lab"));
    settings.stop.max_iterations = 7;  // as a flag of `run` said
    coordinator.begin(settings);
    kept_ = coordinator.run(9);  // less is better
  }

  [[nodiscard]] BranchWish wish() const {
    return {.lab = "lab",
            .experiment = kept_,
            .name = "wide",
            .set = {},
            .instructions = std::nullopt,
            .who = "ann"};
  }
  Result<swarm::OpenLab> plan(const BranchWish& wish) {
    return plan_branch(coordinator.engine->state(), coordinator.engine->store(),
                       coordinator.engine->objects(), wish);
  }
  std::string refused(const BranchWish& wish) {
    const auto planned = plan(wish);
    return planned ? "not refused" : planned.error().message;
  }
  const swarm::Lab& lab(const std::string& name) {
    return *must(find_lab(coordinator.engine->state(), name));
  }
  ExperimentNumber kept_;
};

TEST_F(Branching, StartsFromTheCandidateWithABaselineOfItsOwn) {
  coordinator.expect<swarm::LabIsOpen>(step(must(plan(wish()))));
  const swarm::Lab& branch = lab("lab/wide");
  EXPECT_EQ(branch.segment.lab_commit, *coordinator.stored(kept_).commit);
  EXPECT_EQ(branch.origin->parent, LabId(1));
  EXPECT_EQ(branch.origin->experiment, kept_);
  coordinator.expect<swarm::LabsSteered>(step(swarm::SetLabStatus{
      .lab = "lab", .wish = swarm::SetLabStatus::Wish::pause, .reason = {}, .who = "ann"}));
  const swarm::Task first = coordinator.work_for("w");
  EXPECT_EQ(first.lab, branch.id);
  EXPECT_EQ(first.kind, TaskKind::baseline);
  EXPECT_EQ(first.parent_commit, branch.segment.lab_commit);
}

TEST_F(Branching, HasTheParentsSettingsButForWhatIsSet) {
  BranchWish with = wish();
  with.set = {"search.policy=best-of-n", "evaluator.timeout=3s"};
  const LabSettings settings = must(plan(with)).settings;
  EXPECT_EQ(settings.name, "lab/wide");
  EXPECT_EQ(settings.policy, PolicyKind::best_of_n);
  EXPECT_EQ(settings.evaluator.timeout, std::chrono::seconds(3));
  EXPECT_EQ(settings.stop.max_iterations, 7U);
  with.set = {"stop.max_iterations=50"};
  EXPECT_EQ(must(plan(with)).settings.stop.max_iterations, 50U);
}

TEST_F(Branching, RefusesWhatLabTomlCouldNotSayAndNamesTheKey) {
  BranchWish with = wish();
  with.set = {"search.policy=beast", "stop.max_hours=-1"};
  const std::string message = refused(with);
  EXPECT_NE(message.find("--set search.policy=beast: [search] policy is"), std::string::npos)
      << message;
  EXPECT_NE(message.find("--set stop.max_hours=-1: [stop] max_hours is"), std::string::npos)
      << message;
}

TEST_F(Branching, TakesOtherInstructionsInACommitOnTopOfTheCandidate) {
  BranchWish with = wish();
  with.instructions = "go wide\n";
  const swarm::OpenLab command = must(plan(with));
  const store::ObjectStore& objects = coordinator.engine->objects();
  EXPECT_NE(command.segment.lab_commit, *coordinator.stored(kept_).commit);
  EXPECT_EQ(must(objects.file_of(command.segment.lab_commit, "AGENT.md", 100)), "go wide\n");
  EXPECT_EQ(must(objects.file_of(command.segment.lab_commit, "pipeline/solve.py", 100)),
            must(objects.file_of(*coordinator.stored(kept_).commit, "pipeline/solve.py", 100)));
  EXPECT_EQ(must(plan(with)).segment.lab_commit, command.segment.lab_commit);
}

TEST_F(Branching, ScoresAsItsParentDoesUnlessTheEvaluatorIsSet) {
  const ObjectId same = must(plan(wish())).segment.evaluator_hash;
  BranchWish with = wish();
  with.instructions = "go wide\n";
  with.set = {"stop.max_iterations=3"};
  EXPECT_EQ(must(plan(with)).segment.evaluator_hash, same);
  with.set = {"evaluator.command=python3 other.py"};
  EXPECT_NE(must(plan(with)).segment.evaluator_hash, same);
}

TEST_F(Branching, NeedsAnExperimentWithACandidate) {
  const swarm::Task task = coordinator.work_for("w");
  coordinator.counted("w", coordinator.ended(task, Outcome::crash));
  BranchWish of = wish();
  of.experiment = task.experiment;
  EXPECT_NE(refused(of).find("has no candidate"), std::string::npos) << refused(of);
  of.experiment = coordinator.work_for("w").experiment;
  EXPECT_NE(refused(of).find("has not ended"), std::string::npos) << refused(of);
  of.experiment = ExperimentNumber(99);
  EXPECT_NE(refused(of).find("no experiment 99, expected 1 to 4"), std::string::npos)
      << refused(of);
  of.lab = "other";
  EXPECT_NE(refused(of).find("no lab other"), std::string::npos) << refused(of);
}

TEST_F(Branching, RefusesNamesThatAreNone) {
  for (const char* name : {"", "a/b", "---", "a\nb"}) {
    BranchWish with = wish();
    with.name = name;
    EXPECT_NE(refused(with).find("cannot be named"), std::string::npos) << name;
  }
}

TEST_F(Branching, OfABranchKeepsWhatWasSetForIt) {
  BranchWish first = wish();
  first.set = {"search.policy=best-of-n"};
  coordinator.expect<swarm::LabIsOpen>(step(must(plan(first))));
  coordinator.expect<swarm::LabsSteered>(step(swarm::SetLabStatus{
      .lab = "lab", .wish = swarm::SetLabStatus::Wish::stop, .reason = {}, .who = "ann"}));
  const swarm::Task baseline = coordinator.work_for("w");
  const auto& objects = coordinator.engine->objects();
  coordinator.counted("w", coordinator.scored(baseline, 8, baseline.parent_commit,
                                              must(objects.tree_of(baseline.parent_commit))));
  BranchWish second = wish();
  second.lab = "lab/wide";
  second.experiment = baseline.experiment;
  second.name = "deep";
  second.set = {"evaluator.timeout=3s"};
  const swarm::OpenLab command = must(plan(second));
  EXPECT_EQ(command.settings.name, "lab/wide/deep");
  EXPECT_EQ(command.settings.policy, PolicyKind::best_of_n);
  EXPECT_EQ(command.origin->set, std::vector<std::string>{"evaluator.timeout=3s"});
}

TEST_F(Branching, IsTheSameLabWhenItIsOpenedAgain) {
  BranchWish with = wish();
  with.set = {"search.policy=best-of-n"};
  coordinator.expect<swarm::LabIsOpen>(step(must(plan(with))));
  const LabId id = lab("lab/wide").id;
  EXPECT_EQ(branches_of(coordinator.engine->state(), LabId(1)), std::vector<LabId>{id});
  coordinator.start();  // the branch is in the store
  LabOverrides overrides;
  overrides.max_iterations = 40;
  const auto command =
      must(plan_reopening(coordinator.engine->state(), coordinator.engine->objects(),
                          lab("lab/wide"), overrides, "ann"));
  const auto reply = coordinator.expect<swarm::LabIsOpen>(step(command));
  EXPECT_TRUE(reply.resumed);
  EXPECT_FALSE(reply.new_segment);
  EXPECT_EQ(lab("lab/wide").settings.stop.max_iterations, 40U);
  EXPECT_EQ(lab("lab/wide").settings.policy, PolicyKind::best_of_n);
}

TEST(BranchByMessage, IsAnsweredWithTheNameOfTheLabAndSeenInTheViews) {
  DeskUnderTest desk;
  desk.open_lab(must(read_lab(store::kLabToml, "", "lab")));
  const auto session = desk.join("w");
  const Assignment first = desk.given(session);
  const auto branch = [](schema::Envelope::Body::Builder body) {
    auto to = body.initBranchLab();
    to.setLab("lab");
    to.setExperiment(1);
    to.setName("wide");
    to.initSet(1).set(0, "search.policy=best-of-n");
    to.setWho("ann");
  };
  EXPECT_EQ(error_of(desk.say(branch)).code, ErrorCode::not_found);  // the baseline still runs
  desk.say(DeskUnderTest::delivering(desk.baseline(desk.task_of(first))), session);
  for (const bool again : {false, true}) {
    const auto reply = desk.say(branch);
    ASSERT_TRUE(reply.body().isLabOpen());
    EXPECT_STREQ(reply.body().getLabOpen().getName().cStr(), "lab/wide");
    EXPECT_EQ(reply.body().getLabOpen().getResumed(), again);
  }
  const auto reply = desk.say([](auto body) { body.initQuery().setLabs(); });
  const auto labs = reply.body().getLabs().getLabs();
  ASSERT_EQ(labs.size(), 2U);
  EXPECT_STREQ(labs[1].getParent().cStr(), "lab");
  EXPECT_EQ(labs[1].getBranchedFrom().getValue(), 1U);
  EXPECT_STREQ(labs[1].getSet()[0].cStr(), "search.policy=best-of-n");
  ASSERT_EQ(labs[1].getPath().size(), 2U);
  EXPECT_STREQ(labs[1].getPath()[1].cStr(), "wide");
  EXPECT_TRUE(labs[0].getBranchedFrom().isNone());
}

TEST(SteeringByMessage, TellsWhatBecameOfEachLabIfAsked) {
  DeskUnderTest desk;
  desk.open_lab(lab_named("nets/a"));
  desk.open_lab(lab_named("nets/b"));
  const auto pause = [](bool tell) {
    return [tell](schema::Envelope::Body::Builder body) {
      auto to = body.initSetLabStatus();
      to.setLab("nets");
      to.setBelow(true);
      to.setTell(tell);
    };
  };
  const auto told = desk.say(pause(true));
  ASSERT_TRUE(told.body().isSteered());
  const auto labs = told.body().getSteered().getLabs();
  ASSERT_EQ(labs.size(), 2U);
  EXPECT_STREQ(labs[1].getLab().cStr(), "nets/b");
  EXPECT_STREQ(labs[1].getBefore().cStr(), "running");
  EXPECT_STREQ(labs[1].getAfter().cStr(), "paused");
  EXPECT_TRUE(desk.say(pause(false)).body().isDone());
}

}  // namespace
}  // namespace swarmlab::server
