// What answers say of tokens, on each wire.
#include "worker/bridge/usage.h"

#include <gtest/gtest.h>

namespace swarmlab::worker {
namespace {

Usage usage_of(Wire wire, bool is_stream, std::string_view text, std::size_t piece = 7) {
  UsageReader reader(wire, is_stream);
  while (!text.empty()) {
    reader.take(text.substr(0, piece));
    text.remove_prefix(std::min(piece, text.size()));
  }
  return reader.finish(400);
}

TEST(UsageReader, ReadsAnthropicDocuments) {
  EXPECT_EQ(usage_of(Wire::anthropic, false, R"({"model":"claude-x","usage":{"input_tokens":5,
    "cache_creation_input_tokens":20,"cache_read_input_tokens":300,"output_tokens":7}})"),
            (Usage{"claude-x", 325, 300, 20, 7, true}));
}

TEST(UsageReader, ReadsAnthropicStreams) {
  EXPECT_EQ(usage_of(Wire::anthropic, true, R"(event: message_start
data: {"type":"message_start","message":{"model":"claude-x","usage":{"input_tokens":5,"cache_read_input_tokens":300,"output_tokens":1}}}

event: content_block_delta
data: {"type":"content_block_delta","delta":{"text":"\"usage\" of words"}}

event: message_delta
data: {"type":"message_delta","usage":{"output_tokens":70}}
)"),
            (Usage{"claude-x", 305, 300, 0, 70, true}));
}

TEST(UsageReader, ReadsOpenAiResponses) {
  const Usage expected{"gpt-x", 1000, 900, 0, 50, true};
  EXPECT_EQ(usage_of(Wire::openai, true,
                     "event: response.completed\r\ndata: {\"type\":\"response.completed\","
                     "\"response\":{\"model\":\"gpt-x\",\"usage\":{\"input_tokens\":1000,\"input_"
                     "tokens_details\":"
                     "{\"cached_tokens\":900},\"output_tokens\":50}}}\r\n\r\n"),
            expected);
  EXPECT_EQ(usage_of(Wire::openai, false, R"({"model":"gpt-x","usage":{"input_tokens":1000,
    "input_tokens_details":{"cached_tokens":900},"output_tokens":50}})"),
            expected);
}

TEST(UsageReader, ReadsChatCompletions) {
  EXPECT_EQ(usage_of(Wire::openai, true,
                     R"(data: {"model":"m","choices":[{"delta":{"content":"x"}}],"usage":null}

data: {"model":"m","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":8}}}

data: [DONE]
)"),
            (Usage{"m", 10, 8, 0, 4, true}));
}

TEST(UsageReader, GuessesWhatNobodyTold) {
  EXPECT_EQ(usage_of(Wire::openai, true, "data: {}\n\ndata: {}\n\ndata: {}\n\n"),
            (Usage{"", 100, 0, 0, 3, false}));
  EXPECT_EQ(usage_of(Wire::openai, false, "not json"), (Usage{"", 100, 0, 0, 2, false}));
}

TEST(UsageReader, BearsWhatMakesNoSense) {
  for (const char* text :
       {R"({"usage":3})", R"({"usage":{"input_tokens":"many","output_tokens":-5}})",
        R"({"usage":{"input_tokens":1e300}})", R"([{"usage":{}}])", R"("usage")",
        "{\"usage\":", R"({"usage":{"input_tokens":null},"model":7})"}) {
    const Usage usage = usage_of(Wire::anthropic, false, text);
    EXPECT_LE(usage.input_tokens, 1'000'000'000) << text;
    EXPECT_TRUE(usage.model.empty()) << text;
  }
}

TEST(UsageReader, SkipsAnEventThatIsTooLong) {
  UsageReader reader(Wire::anthropic, true);
  reader.take("data: ");
  for (int i = 0; i < 20; ++i) reader.take(std::string(1 << 20, 'x'));
  reader.take("\ndata: {\"usage\":{\"output_tokens\":3,\"input_tokens\":2}}\n");
  EXPECT_EQ(reader.finish(0), (Usage{"", 2, 0, 0, 3, true}));
}

}  // namespace
}  // namespace swarmlab::worker
