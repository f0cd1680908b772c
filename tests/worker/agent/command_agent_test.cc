// [agent] kind = "command", run in the real sandbox.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "common/os/file.h"
#include "worker/agent/agent.h"
#include "worker/agent/outcome.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::worker {
namespace {

using sandbox::Mount;
using sandbox::SandboxResult;

class CommandAgentTest : public testing::Test {
 protected:
  void SetUp() override {
    auto sandbox = sandbox::make_bubblewrap({});
    if (!sandbox) GTEST_SKIP() << "no bubblewrap here: " << sandbox.error().message;
    sandbox_ = std::move(*sandbox);
    auto made = TempFolder::create(testing::TempDir(), "agent-test");
    ASSERT_TRUE(made);
    folder_ = std::make_unique<TempFolder>(std::move(*made));
    std::filesystem::create_directories(path("checkout/labs/x/data"));
    std::filesystem::create_directories(path("out"));
    write("checkout/labs/x/train.py", "parent");
    write("checkout/labs/x/data/d", "visible");
    write("brief.md", "the brief");
    write("results.tsv", "the results");
    paths_ = {{{Mount::Kind::read_write, path("checkout"), "/workspace"}},
              path("checkout"),
              path("brief.md"),
              path("results.tsv"),
              path("out")};
    assignment_.experiment = ExperimentNumber(7);
    assignment_.parent_commit = *ObjectId::from_hex(std::string(40, 'a'));
    LabSettings& settings = assignment_.settings;
    settings.name = "my lab";
    settings.folder = "labs/x";
    settings.agent.timeout = std::chrono::seconds(30);
    settings.limits.memory_bytes = 256ULL << 20U;
    settings.limits.processes = 64;
  }

  [[nodiscard]] std::string path(const std::string& name) const {
    return folder_->path() + "/" + name;
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    return read_file(path(name), 1U << 20U).value_or("");
  }

  SandboxResult run(const std::string& command, const CancelToken& cancel = {}) {
    assignment_.settings.agent.command = command;
    const auto request = agent_->prepare(assignment_, paths_, environment_);
    EXPECT_TRUE(request) << request.error().message;
    if (!request) return {};
    auto result = sandbox_->run(*request, cancel);
    EXPECT_TRUE(result) << result.error().message;
    return result ? std::move(*result) : SandboxResult{};
  }
  std::optional<AgentFailure> end_of(const std::string& command) {
    return agent_->read(run(command), assignment_.settings).failure;
  }

  std::unique_ptr<sandbox::Sandbox> sandbox_;
  std::unique_ptr<TempFolder> folder_;
  std::unique_ptr<Agent> agent_ = make_agent(AgentKind::command);
  Assignment assignment_;
  AgentPaths paths_;
  std::vector<std::string> environment_ = {"SECRET=s3cret", "API_KEY=k=1", "EMPTY="};
};

TEST_F(CommandAgentTest, ChangesTheWorkspaceAndLeavesAnOutcome) {
  const auto end = end_of(R"(
    set -e; pwd > pwd.txt; cat "$SWARMLAB_BRIEF" "$SWARMLAB_RESULTS" > read.txt; echo changed > train.py
    echo '{"hypothesis": "h"}' > "$SWARMLAB_OUTCOME")");
  EXPECT_EQ(end, std::nullopt);
  EXPECT_EQ(read("checkout/labs/x/train.py"), "changed\n");
  EXPECT_EQ(read("checkout/labs/x/pwd.txt"), "/workspace/labs/x\n");
  EXPECT_EQ(read("checkout/labs/x/read.txt"), "the briefthe results");
  EXPECT_EQ(read_outcome(path("out/") + kOutcomeFile).notes.hypothesis, "h");
}

TEST_F(CommandAgentTest, IsToldWhatItWorksOn) {
  assignment_.settings.evaluator.data = {DataSource::Kind::folder, "labs/x/data"};
  EXPECT_EQ(run("env | grep ^SWARMLAB_ | sort").out,
            "SWARMLAB_BRIEF=/swarmlab/brief.md\nSWARMLAB_DATA=/data\nSWARMLAB_EXPERIMENT=7\n"
            "SWARMLAB_HYPOTHESIS=/swarmlab/out/hypothesis.json\n"
            "SWARMLAB_LAB=my lab\nSWARMLAB_OUTCOME=/swarmlab/out/outcome.json\nSWARMLAB_PARENT=" +
                std::string(40, 'a') +
                "\nSWARMLAB_RESULTS=/swarmlab/results.tsv\nSWARMLAB_SCALE=base\n");
  EXPECT_EQ(run("cat $SWARMLAB_DATA/d; echo x > $SWARMLAB_DATA/d; echo x > $SWARMLAB_BRIEF").out,
            "visible");
  EXPECT_EQ(read("brief.md"), "the brief");
}

TEST_F(CommandAgentTest, GetsItsArgumentsAsTheyAre) {
  assignment_.settings.agent.args = {"two words", "$HOME", "-x", ""};
  EXPECT_EQ(run("printf '<%s>'").out, "<two words><$HOME><-x><>");
}

TEST_F(CommandAgentTest, SeesOnlyTheVariablesThatTheLabNames) {
  assignment_.settings.agent.env = {"API_KEY", "EMPTY"};
  EXPECT_EQ(run("echo \"$API_KEY ${EMPTY-unset} ${SECRET-unset}\"").out, "k=1  unset\n");
}

TEST_F(CommandAgentTest, IsNotStartedWithoutAVariableThatItNeeds) {
  assignment_.settings.agent.command = "true";
  assignment_.settings.agent.env = {"API"};
  const auto request = agent_->prepare(assignment_, paths_, environment_);
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().code, ErrorCode::unavailable);
  EXPECT_EQ(request.error().message,
            "variable API of [agent] env is not set on this worker, expected it in the environment "
            "that the worker was started with");
  assignment_.settings.agent.command = "";
  EXPECT_EQ(agent_->prepare(assignment_, paths_, {}).error().code, ErrorCode::invalid_input);
}

TEST_F(CommandAgentTest, ThatFailsIsACrashWithItsExitCodeAndLastWords) {
  EXPECT_EQ(end_of("echo thinking; echo no key >&2; exit 3"),
            (AgentFailure{Outcome::crash, "agent: exit code 3\nno key"}));
  EXPECT_EQ(end_of("kill -9 $$"), (AgentFailure{Outcome::crash, "agent: killed by signal 9"}));
}

TEST_F(CommandAgentTest, ThatTakesTooLongIsATimeout) {
  assignment_.settings.agent.timeout = std::chrono::milliseconds(500);
  const auto end = end_of("echo thinking; sleep 600");
  ASSERT_TRUE(end);
  EXPECT_EQ(end->outcome, Outcome::timeout);
  EXPECT_TRUE(end->reason.ends_with("\nthinking")) << end->reason;
}

TEST_F(CommandAgentTest, ThatIsCancelledGoesBack) {
  const auto source = CancelSource::make();
  source->cancel();
  EXPECT_EQ(agent_->read(run("sleep 600", source->token()), {}).failure->outcome,
            Outcome::returned);
}

TEST_F(CommandAgentTest, HasItsOutputCapped) {
  assignment_.settings.limits.output_bytes = 10'000;
  const SandboxResult result = run("echo first; yes | head -c 5000000; echo last");
  EXPECT_LT(result.out.size(), 10'100U);
  EXPECT_TRUE(result.out.starts_with("first\n"));
  EXPECT_TRUE(result.out.ends_with("last\n"));
}

TEST_F(CommandAgentTest, CannotLeadTheWorkerToAnotherFileByItsOutcome) {
  EXPECT_EQ(end_of("ln -s /etc/hostname $SWARMLAB_OUTCOME"), std::nullopt);
  EXPECT_EQ(read_outcome(path("out/") + kOutcomeFile).warning, "outcome.json is a link: not read");
  EXPECT_EQ(end_of("rm $SWARMLAB_OUTCOME; mkfifo $SWARMLAB_OUTCOME"), std::nullopt);
  EXPECT_EQ(read_outcome(path("out/") + kOutcomeFile).warning,
            "outcome.json is no regular file: not read");
}

TEST(AgentCost, IsTheLastResultEventOfItsOutput) {
  SandboxResult result;
  result.out =
      "{\"type\": \"result\", \"total_cost_usd\": 9}\n"
      "{\"type\": \"assistant\", \"total_cost_usd\": 8}\n"
      "{\"type\": \"result\", \"total_cost_usd\": 0.25, \"usage\": {\"input_tokens\": 10, "
      "\"cache_read_input_tokens\": 5, \"output_tokens\": 3}}\ndone\n";
  EXPECT_EQ(make_agent(AgentKind::command)->read(result, {}).cost,
            (Cost{MicroUsd(250'000), 15, 3}));
}

TEST(AgentCost, IsNothingWhereTheOutputDoesNotSay) {
  const auto cost = [](const std::string& out) {
    SandboxResult result;
    result.out = out;
    return make_agent(AgentKind::command)->read(result, {}).cost;
  };
  const std::string event = "{\"type\": \"result\", \"total_cost_usd\": ";
  EXPECT_EQ(cost(""), Cost{});
  EXPECT_EQ(cost("I spent total_cost_usd 5"), Cost{});
  EXPECT_EQ(cost(event + "-1}"), Cost{});
  EXPECT_EQ(cost(event + "1e999}"), Cost{});
  EXPECT_EQ(cost(event + "\"5\"}"), Cost{});
  EXPECT_EQ(cost(event + "1e300}").usd, MicroUsd(100'000'000'000));
  EXPECT_EQ(cost(event + "0, \"usage\": [1]}"), Cost{});
  EXPECT_EQ(cost(event + "0, \"usage\": {\"input_tokens\": -1}}"), Cost{});
}

}  // namespace
}  // namespace swarmlab::worker
