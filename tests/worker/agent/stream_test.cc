// What the programs of the presets write, as versions of them wrote it, read.
#include "worker/agent/stream.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace swarmlab::worker {
namespace {

// Claude Code 2.1.197.
constexpr const char* kClaude =
    R"({"type":"system","subtype":"init","session_id":"3bdb4524-89e1","model":"claude-opus"}
{"type":"assistant","message":{"model":"claude-opus","content":[{"type":"tool_use","name":"Bash"}],"usage":{"input_tokens":800,"output_tokens":1}},"session_id":"3bdb4524-89e1"}
{"type":"user","message":{"content":[{"type":"tool_result","content":"rate limit"}]},"session_id":"3bdb4524-89e1"}
{"type":"assistant","message":{"model":"claude-opus","content":[{"type":"text","text":"I lowered it."}]},"session_id":"3bdb4524-89e1"}
{"type":"result","subtype":"success","is_error":false,"api_error_status":null,"num_turns":2,"result":"I lowered it.","session_id":"3bdb4524-89e1","total_cost_usd":0.0107,"usage":{"input_tokens":1600,"cache_creation_input_tokens":5,"cache_read_input_tokens":400,"output_tokens":100}}
)";

TEST(ClaudeStream, TellsSessionTokensCostAndLastWords) {
  const Reading reading = read_claude(kClaude);
  EXPECT_EQ(reading.run.end, AgentEnd::finished);
  EXPECT_EQ(reading.run.session, "3bdb4524-89e1");
  EXPECT_EQ(reading.run.model, "claude-opus");
  EXPECT_EQ(reading.run.final_message, "I lowered it.");
  EXPECT_EQ(reading.run.turns, 2U);
  EXPECT_EQ(reading.run.tool_calls, 1U);
  EXPECT_EQ(reading.run.cached_tokens, 400U);
  EXPECT_EQ(reading.cost, (Cost{MicroUsd(10'700), 2005, 100}));
  EXPECT_TRUE(reading.cost_told && reading.has_end);
}

std::string claude_failure(const std::string& status, const std::string& words) {
  return R"({"type":"result","subtype":"success","is_error":true,"api_error_status":)" + status +
         R"(,"result":")" + words + R"("})";
}

TEST(ClaudeStream, IsNotBelievedWhenItCallsAFailureASuccess) {
  const auto end_of = [](const std::string& status, const std::string& words) {
    return read_claude(claude_failure(status, words)).run.end;
  };
  EXPECT_EQ(end_of("429", "API Error: Request rejected (429)"), AgentEnd::rate_limited);
  EXPECT_EQ(end_of("500", "API Error: 500 no more"), AgentEnd::unavailable);
  EXPECT_EQ(end_of("529", "Overloaded"), AgentEnd::unavailable);
  EXPECT_EQ(end_of("401", "Invalid API key"), AgentEnd::authentication_failed);
  EXPECT_EQ(end_of("400", "Your credit balance is too low"), AgentEnd::out_of_credit);
  EXPECT_EQ(end_of("null", "API returned an empty or malformed response (HTTP 200)"),
            AgentEnd::unavailable);
  EXPECT_EQ(end_of("null", "something else"), AgentEnd::crashed);
}

TEST(ClaudeStream, ThatStopsWhileItTriesAgainTellsWhy) {
  const Reading reading = read_claude(
      R"({"type":"system","subtype":"api_retry","attempt":1,"error_status":429,"error":"rate_limit"})");
  EXPECT_EQ(reading.run.end, AgentEnd::rate_limited);
  EXPECT_FALSE(reading.has_end);
}

// Codex 0.169.0.
TEST(CodexStream, TellsThreadTokensAndLastWords) {
  const Reading reading = read_codex(
      R"({"type":"thread.started","thread_id":"01a2001e-c6ca"}
{"type":"item.completed","item":{"type":"error","message":"Model metadata for `m` not found."}}
{"type":"item.completed","item":{"type":"command_execution","command":"ls","exit_code":0}}
{"type":"item.completed","item":{"type":"agent_message","text":"I lowered it."}}
{"type":"turn.completed","usage":{"input_tokens":2000,"cached_input_tokens":400,"output_tokens":100}}
)");
  EXPECT_EQ(reading.run.end, AgentEnd::finished);
  EXPECT_EQ(reading.run.session, "01a2001e-c6ca");
  EXPECT_EQ(reading.run.final_message, "I lowered it.");
  EXPECT_EQ(reading.run.tool_calls, 1U);
  EXPECT_EQ(reading.cost, (Cost{MicroUsd(0), 2000, 100}));
  EXPECT_FALSE(reading.cost_told);
}

TEST(CodexStream, TellsByItsWordsAloneHowItFailed) {
  const auto end_of = [](const std::string& words) {
    return read_codex(R"({"type":"turn.failed","error":{"message":")" + words + R"("}})").run.end;
  };
  EXPECT_EQ(end_of("exceeded retry limit, last status: 429 Too Many Requests"),
            AgentEnd::rate_limited);
  EXPECT_EQ(end_of("unexpected status 401 Unauthorized: invalid x-api-key, url: http://x"),
            AgentEnd::authentication_failed);
  EXPECT_EQ(end_of("We're currently experiencing high demand"), AgentEnd::unavailable);
  EXPECT_EQ(end_of("stream disconnected before completion"), AgentEnd::unavailable);
  EXPECT_EQ(end_of("You exceeded your current quota"), AgentEnd::out_of_credit);
  EXPECT_EQ(end_of("it used 14290 tokens"), AgentEnd::crashed);
}

// pi 0.73.1.
std::string pi_message(const std::string& more) {
  return R"({"type":"message_end","message":{"role":"assistant","model":"m",)" + more + "}}\n";
}

TEST(PiStream, AddsUpTokensAndCostOfItsMessages) {
  const std::string usage =
      R"("usage":{"input":800,"output":50,"cacheRead":200,"cacheWrite":0,"cost":{"total":0.25}})";
  const Reading reading = read_pi(
      R"({"type":"session","version":3,"id":"01a2001e-d080"})"
      "\n" +
      pi_message(R"("content":[{"type":"toolCall","name":"bash"}],"stopReason":"toolUse",)" +
                 usage) +
      pi_message(R"("content":[{"type":"text","text":"Done."}],"stopReason":"stop",)" + usage) +
      R"({"type":"agent_end","messages":[]})");
  EXPECT_EQ(reading.run.session, "01a2001e-d080");
  EXPECT_EQ(reading.run.final_message, "Done.");
  EXPECT_EQ(reading.run.turns, 2U);
  EXPECT_EQ(reading.run.tool_calls, 1U);
  EXPECT_EQ(reading.cost, (Cost{MicroUsd(500'000), 2000, 100}));
  EXPECT_TRUE(reading.has_end);
}

TEST(PiStream, TellsAFailureThatItsExitCodeHides) {
  const Reading limited = read_pi(
      pi_message(R"("content":[],"stopReason":"error","errorMessage":"429 wait a minute")"));
  EXPECT_EQ(limited.run.end, AgentEnd::rate_limited);
  EXPECT_EQ(limited.run.said, "429 wait a minute");
  EXPECT_EQ(read_pi(pi_message(R"("content":[],"stopReason":"stop","usage":{"output":0})")).run.end,
            AgentEnd::unavailable);
}

// OpenCode 1.18.33.
TEST(OpenCodeStream, AddsUpTokensOfItsSteps) {
  const std::string step =
      R"({"type":"step_finish","sessionID":"ses_dffe","part":{"reason":"stop","tokens":)"
      R"({"input":800,"output":50,"reasoning":0,"cache":{"write":0,"read":200}},"cost":0}})";
  const Reading reading = read_opencode(
      step + "\n" + R"({"type":"tool_use","sessionID":"ses_dffe","part":{"type":"tool"}})" + "\n" +
      R"({"type":"text","sessionID":"ses_dffe","part":{"text":"Done."}})" + "\n" + step);
  EXPECT_EQ(reading.run.session, "ses_dffe");
  EXPECT_EQ(reading.run.final_message, "Done.");
  EXPECT_EQ(reading.cost, (Cost{MicroUsd(0), 2000, 100}));
  EXPECT_EQ(reading.run.cached_tokens, 400U);
}

TEST(OpenCodeStream, TellsAFailureByItsStatus) {
  const Reading reading = read_opencode(
      R"({"type":"error","error":{"name":"APIError","data":{"message":"no","statusCode":401}}})");
  EXPECT_EQ(reading.run.end, AgentEnd::authentication_failed);
}

TEST(Streams, AreReadLineByLineAndRubbishIsPassedOver) {
  const std::string rubbish = std::string("[... 5 bytes are not here ...]\n{\"type\":\"resu\n") +
                              std::string(300'000, '[') + "\n{" + std::string(200'000, '{') + "\n" +
                              "{\"type\":[1]}\n{\"type\":\"result\",\"usage\":7,\"result\":{}}\n";
  for (const auto read : {read_claude, read_codex, read_pi, read_opencode}) {
    EXPECT_EQ(read(rubbish).cost, Cost{});
  }
  EXPECT_EQ(read_claude(rubbish + kClaude).run, read_claude(kClaude).run);
  EXPECT_EQ(read_claude(rubbish + kClaude).cost, read_claude(kClaude).cost);
}

TEST(Streams, HaveBoundedNumbersAndTexts) {
  const Reading reading = read_claude(
      R"({"type":"result","subtype":"success","is_error":false,"result":")" +
      std::string(100'000, 'x') +
      R"(","session_id":"--evil; rm","total_cost_usd":1e300,"usage":{"input_tokens":-5,"output_tokens":1e300}})");
  EXPECT_EQ(reading.cost, (Cost{MicroUsd(100'000'000'000), 0, 1'000'000'000'000}));
  std::string many;
  for (int i = 0; i < 100; ++i) {
    many +=
        pi_message(R"("content":[],"usage":{"input":1e300,"output":1e300,"cost":{"total":1e300}})");
  }
  EXPECT_EQ(read_pi(many).cost,
            (Cost{MicroUsd(100'000'000'000), 1'000'000'000'000, 1'000'000'000'000}));
  EXPECT_EQ(reading.run.final_message.size(), 4000U);
  EXPECT_EQ(reading.run.session, "");  // it becomes an argument of a command
}

TEST(Prices, AreTakenWhereTheProgramTellsNoCost) {
  const std::vector<Price> prices = {{.model = "m",
                                      .input = MicroUsd(1'000'000),
                                      .output = MicroUsd(10'000'000),
                                      .cached = MicroUsd(100'000)}};
  Reading reading{.run = {.model = "m", .cached_tokens = 400}, .cost = {MicroUsd(0), 2000, 100}};
  put_price(reading, prices);
  EXPECT_EQ(reading.cost.usd, MicroUsd(1600 + 40 + 1000));
  EXPECT_EQ(reading.run.cost_source, CostSource::priced);
  Reading told{.run = {.model = "m"}, .cost = {MicroUsd(7), 2000, 100}, .cost_told = true};
  put_price(told, prices);
  EXPECT_EQ(told.cost.usd, MicroUsd(7));
  EXPECT_EQ(told.run.cost_source, CostSource::told);
}

}  // namespace
}  // namespace swarmlab::worker
