// The presets: how their programs are started, and what their end is worth. Programs of the same
// names, written for the test, stand in for them; tests/agents has the real ones.
#include "worker/agent/preset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "common/os/file.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::worker {
namespace {

using sandbox::HowEnded;
using sandbox::SandboxRequest;
using sandbox::SandboxResult;

Assignment assignment_of(AgentKind kind) {
  Assignment assignment;
  assignment.settings.name = "circles";
  assignment.settings.agent.kind = kind;
  assignment.settings.agent.model = "m-1";
  assignment.settings.agent.args = {"--effort", "high"};
  return assignment;
}

AgentPaths paths_of(const std::string& session) {
  return {.workspace = {},
          .checkout = "/nowhere",
          .brief = "/nowhere/brief.md",
          .results = "/nowhere/results.tsv",
          .out = "/nowhere/out",
          .bridge = Bridged{.base_url = "http://127.0.0.1:4100/v1", .token = "stand-in"},
          .home = "/nowhere/home",
          .session = session};
}

SandboxRequest request_of(AgentKind kind, const std::string& session = {}) {
  const auto request = make_agent(kind)->prepare(assignment_of(kind), paths_of(session), {});
  EXPECT_TRUE(request) << request.error().message;
  return request ? *request : SandboxRequest{};
}

bool has_in_order(const std::vector<std::string>& words, const std::vector<std::string>& wanted) {
  return std::search(words.begin(), words.end(), wanted.begin(), wanted.end()) != words.end();
}

constexpr std::array kPresets{AgentKind::claude, AgentKind::codex, AgentKind::pi,
                              AgentKind::opencode};

TEST(Presets, AreToldToDoOneExperimentAndToLeaveGitToTheSwarm) {
  for (const AgentKind kind : kPresets) {
    const SandboxRequest request = request_of(kind);
    std::string prompt = request.in.value_or("");
    for (const std::string& word : request.args) prompt += word;
    EXPECT_NE(prompt.find("one experiment of the lab circles"), std::string::npos);
    EXPECT_NE(prompt.find("/swarmlab/brief.md"), std::string::npos);
    EXPECT_NE(prompt.find("do not commit"), std::string::npos);
  }
}

TEST(Presets, GetTheArgumentsOfTheLabAndAStandInForTheKey) {
  for (const AgentKind kind : kPresets) {
    const SandboxRequest request = request_of(kind);
    EXPECT_TRUE(has_in_order(request.args, {"--effort", "high"}));
    const bool has_token =
        std::ranges::any_of(request.env, [](const auto& one) { return one.second == "stand-in"; });
    EXPECT_TRUE(has_token);
  }
}

TEST(Presets, ChooseTheModelOfTheLab) {
  EXPECT_TRUE(has_in_order(request_of(AgentKind::claude).args, {"--model", "m-1"}));
  EXPECT_TRUE(has_in_order(request_of(AgentKind::codex).args, {"-m", "m-1"}));
  EXPECT_TRUE(has_in_order(request_of(AgentKind::pi).args, {"--model", "m-1"}));
  EXPECT_TRUE(has_in_order(request_of(AgentKind::opencode).args, {"-m", "swarmlab/m-1"}));
}

TEST(Presets, GoOnWithTheSessionOfTheRoundBefore) {
  EXPECT_TRUE(has_in_order(request_of(AgentKind::claude, "s1").args, {"--resume", "s1"}));
  EXPECT_TRUE(has_in_order(request_of(AgentKind::codex, "s1").args, {"resume", "s1", "-"}));
  EXPECT_TRUE(has_in_order(request_of(AgentKind::pi, "s1").args, {"--session", "s1"}));
  EXPECT_TRUE(has_in_order(request_of(AgentKind::opencode, "s1").args, {"-s", "s1"}));
}

TEST(Presets, HaveAHomeThatIsTheirsAlone) {
  for (const AgentKind kind : kPresets) {
    const auto mounts = request_of(kind).mounts;
    EXPECT_TRUE(std::ranges::any_of(mounts, [](const sandbox::Mount& mount) {
      return mount.inside == "/home/agent" && mount.host == "/nowhere/home";
    }));
  }
}

TEST(Presets, NameTheirProviderAsTheLabHasIt) {
  LabSettings settings;
  settings.agent.kind = AgentKind::codex;
  const auto agent = make_agent(AgentKind::codex);
  EXPECT_EQ(agent->provider(settings)->base_url, "https://api.openai.com/v1");
  EXPECT_EQ(agent->provider(settings)->key_variable, "OPENAI_API_KEY");
  settings.agent.base_url = "http://127.0.0.1:9/v1";
  settings.agent.api_key = "MINE";
  EXPECT_EQ(agent->provider(settings)->base_url, "http://127.0.0.1:9/v1");
  EXPECT_EQ(agent->provider(settings)->key_variable, "MINE");
  EXPECT_FALSE(agent->provider(settings)->is_default_url);
  settings.agent.credentials = {"~/.codex/auth.json"};
  EXPECT_FALSE(agent->provider(settings)) << "it has a login of its own";
}

TEST(Presets, SeeTheFilesOfALoginReadOnly) {
  auto home = TempFolder::create(testing::TempDir(), "preset-home");
  ASSERT_TRUE(home);
  std::filesystem::create_directories(home->path() + "/.codex");
  ASSERT_TRUE(write_file(home->path() + "/.codex/auth.json", "{}"));
  Assignment assignment = assignment_of(AgentKind::codex);
  assignment.settings.agent.credentials = {"~/.codex/auth.json"};
  AgentPaths paths = paths_of("");
  paths.bridge.reset();
  const auto agent = make_agent(AgentKind::codex);
  const auto request = agent->prepare(assignment, paths, {"HOME=" + home->path()});
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->mounts.back(), (sandbox::Mount{.kind = sandbox::Mount::Kind::read_only,
                                                    .host = home->path() + "/.codex/auth.json",
                                                    .inside = "/home/agent/.codex/auth.json"}));
  assignment.settings.agent.credentials = {"~/.codex/other.json"};
  const auto missing = agent->prepare(assignment, paths, {"HOME=" + home->path()});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::unavailable);
}

AgentEnded ended(AgentKind kind, const SandboxResult& result) {
  return make_agent(kind)->read(result, assignment_of(kind).settings);
}

TEST(PresetEnds, AreGivenBackWhereTheProviderIsToBlame) {
  const auto end = ended(AgentKind::pi, {.out = R"({"type":"message_end","message":{"role":)"
                                                R"("assistant","content":[],"stopReason":"error",)"
                                                R"("errorMessage":"429 slow down"}})"});
  ASSERT_TRUE(end.failure && end.run);
  EXPECT_EQ(end.failure->outcome, Outcome::returned);
  EXPECT_EQ(end.failure->reason, "the agent's provider: rate_limited: 429 slow down");
  EXPECT_FALSE(end.failure->own_failure);
  EXPECT_EQ(end.run->end, AgentEnd::rate_limited);
}

TEST(PresetEnds, AreTimeoutsAndCrashesWhereNobodyElseIs) {
  const auto late = ended(AgentKind::opencode, {.how = HowEnded::timed_out});
  EXPECT_EQ(late.failure->outcome, Outcome::timeout);
  EXPECT_EQ(late.run->end, AgentEnd::timed_out);
  const auto broken = ended(AgentKind::claude, {.how = HowEnded::signaled, .code = 11});
  EXPECT_EQ(broken.failure->outcome, Outcome::crash);
  EXPECT_EQ(broken.run->end, AgentEnd::crashed);
}

TEST(PresetEnds, OfAStreamThatIsCompleteAreGoodWhateverTheExitCode) {
  const auto end =
      ended(AgentKind::codex,
            {.code = 1,
             .out = R"({"type":"turn.completed","usage":{"input_tokens":1,"output_tokens":1}})"});
  EXPECT_FALSE(end.failure);
  EXPECT_EQ(end.run->end, AgentEnd::finished);
}

TEST(PresetEnds, OfAProgramThatIsNotThereAreTheWorkersFault) {
  const auto end =
      ended(AgentKind::claude, {.code = 127, .err = "/bin/sh: 1: exec: claude: not found\n"});
  ASSERT_TRUE(end.failure);
  EXPECT_EQ(end.failure->outcome, Outcome::returned);
  EXPECT_TRUE(end.failure->own_failure);
  EXPECT_NE(end.failure->reason.find("--expose"), std::string::npos);
}

}  // namespace
}  // namespace swarmlab::worker
