// [agent] of a lab.toml: the presets and what they need.
#include <gtest/gtest.h>

#include "common/lab/lab.h"

namespace swarmlab {
namespace {

TEST(AgentTable, ReadsAllThatAPresetNeeds) {
  const auto lab = read_lab(R"(
[evaluator]
command = "x"
network = ["data.example.com"]
[agent]
kind = "codex"
model = "gpt-5"
base_url = "https://models.example.com/v1/"
api_key = "MODELS_KEY"
credentials = ["~/.codex/auth.json"]
network = ["PyPI.org", "10.0.0.7:8080", "*.Example.org"]
[agent.prices]
"gpt-5" = { input = 1.25, output = 10, cached = 0.125 }
)",
                            "labs/x");
  ASSERT_TRUE(lab) << lab.error().message;
  const Agent& agent = lab->agent;
  EXPECT_EQ(agent.kind, AgentKind::codex);
  EXPECT_EQ(agent.model, "gpt-5");
  EXPECT_EQ(agent.base_url, "https://models.example.com/v1");
  EXPECT_EQ(agent.api_key, "MODELS_KEY");
  EXPECT_EQ(agent.credentials, std::vector<std::string>{"~/.codex/auth.json"});
  EXPECT_EQ(agent.network,
            (std::vector<Destination>{{"pypi.org", 0}, {"10.0.0.7", 8080}, {"*.example.org", 0}}));
  EXPECT_EQ(agent.prices, (std::vector<Price>{{.model = "gpt-5",
                                               .input = MicroUsd(1'250'000),
                                               .output = MicroUsd(10'000'000),
                                               .cached = MicroUsd(125'000)}}));
  EXPECT_EQ(lab->evaluator.network, (std::vector<Destination>{{"data.example.com", 0}}));
}

TEST(AgentTable, NeedsNothingButAKind) {
  const auto lab = read_lab("[evaluator]\ncommand = 'x'\n[agent]\nkind = 'claude'\n", "labs/x");
  ASSERT_TRUE(lab) << lab.error().message;
  EXPECT_EQ(lab->agent.kind, AgentKind::claude);
  EXPECT_TRUE(lab->agent.command.empty());
  EXPECT_EQ(lab->agent.experiments_per_session, 1U);
}

TEST(AgentTable, MayKeepASessionOverSeveralExperiments) {
  const auto lab = read_lab(
      "[evaluator]\ncommand = 'x'\n[agent]\nkind = 'claude'\nexperiments_per_session = 8\n", "x");
  ASSERT_TRUE(lab) << lab.error().message;
  EXPECT_EQ(lab->agent.experiments_per_session, 8U);
  EXPECT_EQ(lab->agent.session, SessionKind::resume);
}

TEST(AgentTable, MayHaveACommandThatLivesOnBetweenExperiments) {
  const auto lab =
      read_lab("[evaluator]\ncommand = 'x'\n[agent]\ncommand = 'x'\nsession = 'handshake'\n", "x");
  ASSERT_TRUE(lab) << lab.error().message;
  EXPECT_EQ(lab->agent.session, SessionKind::handshake);
}

}  // namespace
}  // namespace swarmlab
