#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/swarm_on_disk.h"

namespace swarmlab::cli {
namespace {

class Export : public SwarmOnDisk {
 protected:
  void run_four() {
    start();
    measure({.score = 9.0, .hypothesis = "halve it"});
    measure({.score = 9.5, .hypothesis = "double it"});
    measure({.score = 8.0, .hypothesis = "shift it"});
    stop();
  }
  [[nodiscard]] std::vector<std::string> log_of(const std::string& branch) const {
    const git::Repository user = repository();
    std::vector<std::string> messages;
    std::vector<ObjectId> at{*user.read_ref("refs/heads/" + branch)};
    while (!at.empty()) {
      messages.push_back(*user.message_of(at.front()));
      at = *user.parents_of(at.front());
    }
    return messages;
  }
};

TEST_F(Export, WritesTheWinningChainAsANotebook) {
  run_four();
  const Ran ran = cli("export");
  ASSERT_EQ(ran.exit_code, kDone) << ran.err;
  EXPECT_EQ(ran.out, "swarmlab/lab\n");
  const std::vector<std::string> log = log_of("swarmlab/lab");
  ASSERT_EQ(log.size(), 4U);
  EXPECT_TRUE(
      log[0].starts_with("Record the results of 4 experiments\n\n3 kept. max_error 10 -> "
                         "8 (-20.0 %), by experiment 4.\n"))
      << log[0];
  EXPECT_TRUE(log[1].starts_with("shift it\n\nmax_error 9 -> 8 (-11.1 %)\n\n")) << log[1];
  EXPECT_NE(log[1].find("\nSwarmlab-Experiment: 4\nSwarmlab-Parent: 2\nSwarmlab-Score: 8\n"),
            std::string::npos)
      << log[1];
  EXPECT_TRUE(log[2].starts_with("halve it\n")) << log[2];
  EXPECT_EQ(log[3], "Begin a lab\n");
}

TEST_F(Export, HoldsTheWinnersFilesAndTheTable) {
  run_four();
  ASSERT_EQ(cli("export").exit_code, kDone);
  const git::Repository user = repository();
  const ObjectId tree = *user.tree_of(*user.read_ref("refs/heads/swarmlab/lab"));
  EXPECT_EQ(*user.file_at(tree, "solution.py"), "# 4\n");
  EXPECT_TRUE(user.file_at(tree, "results.tsv")->starts_with("experiment_id\t"));
}

TEST_F(Export, TouchesNeitherTheWorkingTreeNorOtherRefs) {
  run_four();
  const auto before = *repository().list_refs("refs/");
  ASSERT_EQ(cli("export").exit_code, kDone);
  EXPECT_TRUE(repository().dirty_files({})->empty());
  auto after = *repository().list_refs("refs/");
  std::erase_if(after, [](const git::Ref& ref) { return ref.name == "refs/heads/swarmlab/lab"; });
  EXPECT_EQ(after, before);
  EXPECT_FALSE(std::filesystem::exists(lab() / ".git/shallow"));
}

TEST_F(Export, AgainGivesTheSameCommit) {
  run_four();
  ASSERT_EQ(cli("export").exit_code, kDone);
  const ObjectId first = *repository().read_ref("refs/heads/swarmlab/lab");
  ASSERT_EQ(cli("export").exit_code, kDone);
  EXPECT_EQ(*repository().read_ref("refs/heads/swarmlab/lab"), first);
}

TEST_F(Export, RefusesABranchThatItDidNotMakeUnlessForced) {
  run_four();
  git::Repository user = repository();
  const ObjectId head = *user.head_commit();
  ASSERT_TRUE(user.set_ref("refs/heads/mine", head));
  const Ran refused = cli("export", {"--branch", "mine"});
  EXPECT_EQ(refused.exit_code, kFailed);
  EXPECT_NE(refused.err.find("is no export of lab lab"), std::string::npos) << refused.err;
  EXPECT_EQ(*user.read_ref("refs/heads/mine"), head);
  EXPECT_EQ(cli("export", {"--branch", "mine", "--force"}).exit_code, kDone);
  EXPECT_NE(*user.read_ref("refs/heads/mine"), head);
}

TEST_F(Export, NeverMovesTheBranchThatIsCheckedOut) {
  run_four();
  const Ran ran = cli("export", {"--branch", "main", "--force"});
  EXPECT_EQ(ran.exit_code, kFailed);
  EXPECT_NE(ran.err.find("branch main is checked out"), std::string::npos) << ran.err;
}

TEST_F(Export, SaysSoWhenNothingWasKept) {
  start();
  stop();
  const Ran ran = cli("export");
  EXPECT_EQ(ran.exit_code, kFailed);
  EXPECT_NE(ran.err.find("nothing better than the baseline"), std::string::npos) << ran.err;
}

TEST_F(Export, AsJsonTellsTheChain) {
  run_four();
  const auto body = nlohmann::json::parse(cli("export", {"--json"}).out);
  EXPECT_EQ(body["experiments"], (std::vector{1, 2, 4}));
  EXPECT_EQ(body["branch"], "swarmlab/lab");
  EXPECT_EQ(body["score"], 8.0);
}

}  // namespace
}  // namespace swarmlab::cli
