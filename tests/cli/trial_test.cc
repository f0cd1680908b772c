// init, check, eval, diagnose and doctor, in the real sandbox.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/cli/swarm_on_disk.h"
#include "worker/sandbox/facts.h"

namespace swarmlab::cli {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

class Trials : public SwarmOnDisk {
 protected:
  void SetUp() override {
    SwarmOnDisk::SetUp();
    if (!sandbox::read_sandbox_facts().starts) GTEST_SKIP() << "no sandbox starts here";
  }
  void write(const std::string& path, const std::string& text) const {
    std::ofstream(lab() / path) << text;
  }
};

TEST_F(Trials, CheckMeasuresTheNoiseOfTheBaseline) {
  const Ran ran = cli("check", {"--json", "--repeats", "2"});
  ASSERT_EQ(ran.exit_code, kDone) << ran.err;
  const json body = json::parse(ran.out);
  EXPECT_EQ(body["lab"], "lab");
  EXPECT_EQ(body["runs"].size(), 2U);
  EXPECT_NEAR(body["mean"].get<double>(), 0.342194, 1e-6);
  EXPECT_EQ(body["sd"], 0.0);
  EXPECT_TRUE(body["guardPassed"].is_null());
  EXPECT_TRUE(body["warnings"].empty()) << ran.out;
}

TEST_F(Trials, CheckTriesTheWorkingTreeAndSaysWhatOfItIsNotCommitted) {
  write("solution.py", "import sys\nfor _ in sys.stdin:\n    print(0.5)\n");
  const Ran ran = cli("check", {"--repeats", "1"});
  EXPECT_EQ(ran.exit_code, kDone) << ran.err;
  EXPECT_NE(ran.out.find("1 file not committed: tried as it is here"), std::string::npos)
      << ran.out;
  EXPECT_NE(ran.out.find("and what is not committed"), std::string::npos) << ran.out;
  const json body = json::parse(cli("check", {"--repeats", "1", "--json"}).out);
  EXPECT_EQ(body["uncommitted"], json::array({"solution.py"}));
  EXPECT_NEAR(body["mean"].get<double>(), 0.5, 1e-6);
}

TEST_F(Trials, CheckFindsAWrongValueBeforeItIsCommitted) {
  write("lab.toml", "[lab]\nname = \"lab\"\n[agent]\nsession = \"handshakes\"\n");
  const Ran ran = cli("check", {"--repeats", "1"});
  EXPECT_EQ(ran.exit_code, kFailed) << ran.out;
  EXPECT_NE(ran.err.find("lab.toml:4"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("handshake"), std::string::npos) << ran.err;
}

// Where agents are: no git, and what they have is the evaluator's own files and theirs.
TEST_F(Trials, InAnAgentsWorkspaceTheEvaluatorRunsAsItIsThere) {
  const fs::path workspace = root() / "workspace";
  fs::copy(lab(), workspace, fs::copy_options::recursive);
  fs::remove_all(workspace / ".git");
  const std::map<std::string, std::string> variables = {{"SWARMLAB_BRIEF", "/swarmlab/brief.md"},
                                                        {"PATH", "/swarmlab/bin:/usr/bin:/bin"}};
  const Ran before = run({"eval", "--json"}, workspace, variables);
  ASSERT_EQ(before.exit_code, kDone) << before.err;
  EXPECT_NEAR(json::parse(before.out)["score"].get<double>(), 0.342194, 1e-5);
  std::ofstream(workspace / "solution.py") << "import sys\nfor _ in sys.stdin:\n    print(0.5)\n";
  const Ran after = run({"eval", "--json"}, workspace, variables);
  ASSERT_EQ(after.exit_code, kDone) << after.err;
  EXPECT_NEAR(json::parse(after.out)["score"].get<double>(), 0.5, 1e-6);
  std::ofstream(workspace / "solution.py") << "raise SystemExit(3)\n";
  const Ran broken = run({"eval"}, workspace, variables);
  EXPECT_EQ(broken.exit_code, kFailed);
  EXPECT_NE(broken.err.find("evaluator: exit code"), std::string::npos) << broken.err;
}

TEST_F(Trials, EvalScoresTheWorkingTreeAndSaysWhyItCannot) {
  write("solution.py", "import sys\nfor _ in sys.stdin:\n    print(0.5)\n");
  const json scored = json::parse(cli("eval", {"--json"}).out);
  EXPECT_NEAR(scored["score"].get<double>(), 0.5, 1e-6);
  write("solution.py", "raise SystemExit('gone wrong')\n");
  const Ran failed = cli("eval");
  EXPECT_EQ(failed.exit_code, kFailed);
  EXPECT_NE(failed.err.find("gone wrong"), std::string::npos) << failed.err;
  EXPECT_EQ(failed.out, "");
}

TEST_F(Trials, EvalSeesFilesThatAreNotCommittedYetButNoIgnoredOnes) {
  write("helper.py", "VALUE = 0.5\n");
  write("solution.py",
        "import sys\nsys.path.insert(0, '/workspace')\nimport helper\n"
        "for _ in sys.stdin:\n    print(helper.VALUE)\n");
  EXPECT_EQ(cli("eval").exit_code, kDone);
  write(".gitignore", "helper.py\n");
  EXPECT_EQ(cli("eval").exit_code, kFailed);
}

TEST_F(Trials, DiagnoseListsTheWorstSamplesFirst) {
  ASSERT_EQ(run({"init", "-q", "-t", "python", (root() / "dates").string()}, root()).exit_code,
            kDone);
  const auto diagnose = [&](std::vector<std::string> rest) {
    rest.insert(rest.begin(), {"diagnose", "--json"});
    const Ran ran = run(rest, root() / "dates", {{"PATH", "/usr/bin:/bin"}});
    EXPECT_EQ(ran.exit_code, kDone) << ran.err;
    return json::parse(ran.out, nullptr, false);
  };
  const json all = diagnose({});
  ASSERT_EQ(all["samples"].size(), 20U);
  EXPECT_EQ(all["samples"].front()["score"], 1.0);
  EXPECT_EQ(all["samples"].back()["score"], 0.0);
  const json one = diagnose({"--sample", "dots"});
  ASSERT_EQ(one["samples"].size(), 1U);
  EXPECT_EQ(one["samples"][0]["extra"]["text"], "Rechnung vom 05.11.2023");
}

TEST_F(Trials, DiagnoseSaysSoWhereThereAreNoSamples) {
  const Ran ran = cli("diagnose");
  EXPECT_EQ(ran.exit_code, kFailed);
  EXPECT_NE(ran.err.find("reports no scores of samples"), std::string::npos) << ran.err;
}

TEST_F(Trials, AGuardThatFailsIsTold) {
  write("lab.toml",
        "[lab]\nname = \"lab\"\n[artifact]\neditable = [\"solution.py\"]\n[evaluator]\n"
        "command = \"echo METRIC score=1\"\nparse = \"metric-lines\"\n[guard]\n"
        "command = \"echo not today; exit 4\"\n[agent]\nkind = \"command\"\ncommand = \"true\"\n");
  const fs::path settings = lab() / "lab.toml";
  git::Repository user = repository();
  const ObjectId head = *user.head_commit();
  std::ifstream file(settings);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const ObjectId blob = *user.write_blob(text);
  const ObjectId tree = *user.replace_paths(
      *user.tree_of(head), {{"lab.toml", git::Leaf{git::FileMode::regular, blob}}});
  ASSERT_TRUE(user.set_ref("refs/heads/main",
                           *user.commit(tree, {head}, {"t", "t@localhost", {}, "guard"})));
  const Ran ran = cli("check");
  EXPECT_EQ(ran.exit_code, kFailed);
  EXPECT_NE(ran.err.find("guard"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("not today"), std::string::npos) << ran.err;
}

TEST_F(Trials, DoctorFindsThisMachineFit) {
  const Ran ran = cli("doctor", {"--json"});
  EXPECT_EQ(ran.exit_code, kDone) << ran.out;
  EXPECT_EQ(json::parse(ran.out)["ok"], true);
}

class Init : public SwarmOnDisk {};

TEST_F(Init, MakesARepositoryWithAFirstCommitOnlyWhereThereIsNone) {
  EXPECT_EQ(*repository().message_of(*repository().head_commit()), "Begin a lab\n");
  const ObjectId head = *repository().head_commit();
  const Ran inner = cli("init", {"-t", "python", "inner"});
  EXPECT_EQ(inner.exit_code, kDone);
  EXPECT_FALSE(fs::exists(lab() / "inner/.git"));
  EXPECT_TRUE(fs::exists(lab() / "inner/data/samples.jsonl"));
  EXPECT_EQ(*repository().head_commit(), head);
  EXPECT_NE(inner.err.find("git add inner && git commit"), std::string::npos) << inner.err;
}

TEST_F(Init, NeverTouchesFilesThatAreThere) {
  const fs::path other = root() / "other";
  fs::create_directories(other);
  std::ofstream(other / "AGENT.md") << "mine";
  const Ran ran = run({"init", "other"}, root());
  EXPECT_EQ(ran.exit_code, kFailed);
  EXPECT_NE(ran.err.find("nothing was written"), std::string::npos) << ran.err;
  EXPECT_FALSE(fs::exists(other / "lab.toml"));
}

TEST_F(Init, CommitsNothingThatItDidNotWrite) {
  const fs::path other = root() / "other";
  fs::create_directories(other);
  std::ofstream(other / "secret.txt") << "mine";
  ASSERT_EQ(run({"init", "-q", "other"}, root()).exit_code, kDone);
  const git::Repository made = std::move(*git::Repository::open(other.string()));
  const auto dirty = *made.dirty_files({});
  ASSERT_EQ(dirty.size(), 1U);
  EXPECT_EQ(dirty[0].path, "secret.txt");
}

TEST_F(Init, NamesTheTemplatesThatThereAre) {
  const Ran ran = cli("init", {"-t", "nope"});
  EXPECT_EQ(ran.exit_code, kWrongUsage);
  EXPECT_NE(ran.err.find("minimal"), std::string::npos) << ran.err;
}

class Places : public SwarmOnDisk {
 protected:
  [[nodiscard]] std::string why_no_check(const fs::path& folder) const {
    const Ran ran = run({"check"}, folder, {{"PATH", "/usr/bin:/bin"}});
    EXPECT_EQ(ran.exit_code, kFailed);
    return ran.err;
  }
};

TEST_F(Places, WithoutARepositoryItSaysHowToMakeOne) {
  EXPECT_NE(why_no_check(root()).find("is in no git repository; make one with: git init"),
            std::string::npos);
}

TEST_F(Places, ALabThatIsNotCommittedIsTriedAndNamed) {
  ASSERT_EQ(cli("init", {"-q", "inner"}).exit_code, kDone);
  const Ran ran =
      run({"check", "--repeats", "1", "--json"}, lab() / "inner", {{"PATH", "/usr/bin:/bin"}});
  EXPECT_EQ(ran.exit_code, kDone) << ran.err;
  const json uncommitted = json::parse(ran.out)["uncommitted"];
  EXPECT_NE(std::ranges::find(uncommitted, "inner/lab.toml"), uncommitted.end()) << ran.out;
}

TEST_F(Places, ABrokenLabIsToldByLine) {
  std::ofstream(lab() / "lab.toml", std::ios::app) << "\n[stop]\nmax_iteration = 3\n";
  const std::string why = why_no_check(lab());
  EXPECT_NE(why.find("lab.toml:"), std::string::npos) << why;
}

}  // namespace
}  // namespace swarmlab::cli
