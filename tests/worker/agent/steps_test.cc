// What agents did, step by step, as versions of their programs wrote it.
#include "worker/agent/steps.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "worker/agent/stream.h"

namespace swarmlab::worker {
namespace {

// Lines come one second after the other.
Transcript steps_of(const Reading& reading) {
  return reading.steps.take(
      [](std::uint64_t line) { return std::optional(Milliseconds(1000 * (line + 1))); });
}

std::string shown(const TranscriptStep& step) {
  std::string text =
      fmt::format("{} {}", static_cast<int>(step.kind), step.at ? step.at->count() : -1);
  if (!step.tool.empty()) text += " " + step.tool;
  text += ": " + step.text;
  if (!step.result.empty()) text += " -> " + step.result;
  if (step.failed) text += " failed";
  if (step.took) text += fmt::format(" in {} ms", step.took->count());
  if (step.output_tokens > 0) text += fmt::format(" {}/{}", step.input_tokens, step.output_tokens);
  return text;
}

std::vector<std::string> shown(const Transcript& transcript) {
  std::vector<std::string> all;
  all.reserve(transcript.size());
  for (const TranscriptStep& step : transcript) all.push_back(shown(step));
  return all;
}

using Lines = std::vector<std::string>;

TEST(StepsOfClaude, AreItsThoughtsWordsAndCallsWithTheirResults) {
  // Each block of an answer is a line of its own, with the usage of the whole answer.
  const Reading reading = read_claude(
      R"({"type":"system","subtype":"init","session_id":"3b"}
{"type":"assistant","message":{"id":"m1","content":[{"type":"thinking","thinking":"Hm."}],"usage":{"input_tokens":10,"output_tokens":7}}}
{"type":"assistant","message":{"id":"m1","content":[{"type":"tool_use","id":"t1","name":"Bash","input":{"command":"ls","description":"x"}}],"usage":{"input_tokens":10,"cache_read_input_tokens":5,"output_tokens":7}}}
{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"no such file"}],"is_error":true}]}}
{"type":"assistant","message":{"id":"m2","content":[{"type":"tool_use","id":"t2","name":"Edit","input":{"path":"a"}},{"type":"text","text":"Done."}]}}
)");
  EXPECT_EQ(shown(steps_of(reading)),
            (Lines{"2 2000: Hm.", "3 3000 Bash: ls -> no such file failed in 1000 ms 15/7",
                   "3 5000 Edit: {\"path\":\"a\"}", "1 5000: Done."}));
}

TEST(StepsOfCodex, TakeACallFromWhenItBegan) {
  const Reading reading = read_codex(
      R"({"type":"item.completed","item":{"id":"i0","type":"reasoning","text":"Hm."}}
{"type":"item.started","item":{"id":"i1","type":"command_execution","command":"bash -lc ls","aggregated_output":"","status":"in_progress"}}
{"type":"item.completed","item":{"id":"i1","type":"command_execution","command":"bash -lc ls","aggregated_output":"a b","exit_code":1,"status":"failed"}}
{"type":"item.completed","item":{"id":"i2","type":"file_change","changes":[{"path":"a","kind":"update"}],"status":"completed"}}
{"type":"item.completed","item":{"id":"i3","type":"agent_message","text":"Done."}}
{"type":"turn.completed","usage":{"input_tokens":20,"output_tokens":3}}
)");
  EXPECT_EQ(
      shown(steps_of(reading)),
      (Lines{"2 1000: Hm.", "3 2000 shell: bash -lc ls -> a b failed in 1000 ms",
             "3 4000 file_change: [{\"kind\":\"update\",\"path\":\"a\"}]", "1 5000: Done. 20/3"}));
}

TEST(StepsOfPi, AreInTheMessagesOfItsAgentAndItsTools) {
  const Reading reading = read_pi(
      R"({"type":"message_end","message":{"role":"assistant","content":[{"type":"text","text":"I look."},{"type":"toolCall","id":"c1","name":"bash","arguments":{"command":"ls"}}],"usage":{"input":10,"output":5,"cacheRead":2,"cost":{"total":0.5}}}}
{"type":"message_end","message":{"role":"toolResult","toolCallId":"c1","toolName":"bash","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"isError":false}}
)");
  const Transcript steps = steps_of(reading);
  EXPECT_EQ(shown(steps), (Lines{"1 1000: I look.", "3 1000 bash: ls -> a\nb in 1000 ms 12/5"}));
  EXPECT_EQ(steps.back().usd, MicroUsd(500'000));
}

TEST(StepsOfOpenCode, TellThemselvesHowLongACallTook) {
  const Reading reading = read_opencode(
      R"({"type":"tool_use","part":{"tool":"bash","callID":"c","state":{"status":"completed","input":{"command":"ls"},"output":"a","time":{"start":1000,"end":1250}}}}
{"type":"tool_use","part":{"tool":"bash","callID":"d","state":{"status":"error","input":{"command":"rm"},"error":"denied"}}}
{"type":"step_finish","part":{"reason":"tool-calls","tokens":{"input":8,"output":4},"cost":0}}
{"type":"text","part":{"text":"Done."}}
)");
  EXPECT_EQ(shown(steps_of(reading)),
            (Lines{"3 1000 bash: ls -> a in 250 ms", "3 2000 bash: rm -> denied failed 8/4",
                   "1 4000: Done."}));
}

TEST(Steps, OfManyAreTheFirstAndTheLastOnes) {
  std::string many;
  for (int i = 0; i < 20'000; ++i) {
    many += fmt::format(
        R"({{"type":"assistant","message":{{"content":[{{"type":"text","text":"step {}"}}]}}}})"
        "\n",
        i);
  }
  const Transcript steps = steps_of(read_claude(many));
  ASSERT_LE(steps.size(), 400U);
  ASSERT_GT(steps.size(), 300U);
  EXPECT_EQ(steps.front().text, "step 0");
  EXPECT_EQ(steps.back().text, "step 19999");
  std::uint64_t all = steps.size();
  for (const TranscriptStep& step : steps) all += step.left_out_before;
  EXPECT_EQ(all, 20'000U) << "it says how many are missing, and where";
}

TEST(Steps, AreTrimmedAndTogetherBounded) {
  std::string many;
  const std::string large(100'000, 'x');
  for (int i = 0; i < 300; ++i) {
    many += fmt::format(
        R"({{"type":"assistant","message":{{"content":[{{"type":"text","text":"{}{}"}}]}}}})"
        "\n",
        i, large);
  }
  const Transcript steps = steps_of(read_claude(many));
  std::size_t bytes = 0;
  for (const TranscriptStep& step : steps) bytes += step.text.size();
  EXPECT_LE(bytes, 128U << 10U);
  EXPECT_GT(bytes, 64U << 10U);
  EXPECT_LE(steps.front().text.size(), 4100U);
  EXPECT_EQ(steps.front().text_bytes, 100'001U);
  EXPECT_TRUE(steps.front().text.find(" bytes dropped ...]") != std::string::npos);
}

TEST(Steps, HaveNoTerminalEscapesAndNoBrokenCharacters) {
  EXPECT_EQ(trimmed("\x1b[31mred\x1b[0m \xff", 100), "red \xEF\xBF\xBD");
  const std::string cut = trimmed(std::string(10, 'a') + "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4", 17);
  EXPECT_EQ(cut, "aaaaaaaaaa\n[... 4 bytes dropped ...]\n\xC3\xA4\xC3\xA4");
}

}  // namespace
}  // namespace swarmlab::worker
