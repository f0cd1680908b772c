// The bridge passes on what agents need of a provider, with the real key, and counts it.
#include "worker/bridge/bridge.h"

#include <condition_variable>

#include "tests/worker/bridge/fixture.h"

namespace swarmlab::worker {
namespace {

using testing::Test;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Bridge, PutsTheKeyWhereTheTokenWas) {
  ScriptedProvider provider(says(kAnswer));
  const auto bridge = bridge_to(options_for(provider.url()));
  const std::string answer =
      ask(*bridge, post("/v1/messages?beta=true", "{}",
                        fmt::format("x-api-key: {}\r\nanthropic-version: 2023-06-01\r\n", kToken)));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_EQ(body_of(answer), kAnswer);
  const auto requests = provider.requests();
  ASSERT_EQ(requests.size(), 1);
  EXPECT_EQ(requests[0].target, "/v1/messages?beta=true");
  EXPECT_EQ(requests[0].body, "{}");
  EXPECT_EQ(requests[0].get_header_value("x-api-key"), kKey);
  EXPECT_EQ(requests[0].get_header_value("anthropic-version"), "2023-06-01");
  for (const auto& [name, value] : requests[0].headers) EXPECT_FALSE(has(value, kToken)) << name;
}

TEST(Bridge, BearsTheKeyToOpenAi) {
  ScriptedProvider provider(says("{}"));
  const auto bridge = bridge_to(options_for(provider.url("/api/v1"), Wire::openai));
  EXPECT_EQ(bridge->behind(4100), (Bridged{"http://127.0.0.1:4100/api/v1", kToken}));
  ask(*bridge, post("/api/v1/responses", "{}", bearer(kToken)));
  const auto requests = provider.requests();
  ASSERT_EQ(requests.size(), 1);
  EXPECT_EQ(requests[0].get_header_value("authorization"), std::string("Bearer ") + kKey);
  EXPECT_EQ(requests[0].get_header_value_count("authorization"), 1);
}

TEST(Bridge, KnowsNobodyWithoutItsToken) {
  ScriptedProvider provider(says(kAnswer));
  const auto bridge = bridge_to(options_for(provider.url()));
  for (const std::string& headers :
       {std::string(), std::string("x-api-key: \r\n"), std::string("x-api-key: sk-other\r\n"),
        bearer("sk-swarmlab-token-of-another-lease"), fmt::format("x-api-key: {}x\r\n", kToken),
        fmt::format("cookie: {}\r\n", kToken), fmt::format("x-api-key: {}\r\n", kKey)}) {
    const std::string answer = ask(*bridge, post(kMessages, "{}", headers));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 401 ")) << headers << answer;
    EXPECT_TRUE(has(answer, R"("type":"authentication_error")")) << answer;
  }
  EXPECT_TRUE(provider.requests().empty());
  EXPECT_EQ(bridge->end().refused, 7);
}

TEST(Bridge, SaysNoAsItsProviderWould) {
  ScriptedProvider provider(says(kAnswer));
  const auto bridge = bridge_to(options_for(provider.url(), Wire::openai));
  const std::string answer = ask(*bridge, post("/responses", "{}", ""));
  EXPECT_TRUE(has(answer, R"("code":"invalid_api_key")")) << answer;
}

TEST(Bridge, PassesOnNoOtherRequests) {
  ScriptedProvider provider(says(kAnswer));
  const auto bridge = bridge_to(options_for(provider.url("/base")));
  for (const char* path :
       {"/v1/messages", "/base/v1/files", "/base", "/base/v1/messages/../files", "/", "*",
        "/base/v1/messages/batches", "/base/v1/models/..%2f..%2fadmin",
        "//evil.example/v1/messages", "http://evil.example/base/v1/messages", "/base/v1/messages;x",
        "/base@evil.example/v1/messages", "/basev1/messages", "/base/v1/organizations/api_keys"}) {
    const std::string answer = ask(*bridge, post(path, "{}"));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 404 ")) << path << answer;
  }
  const std::string token = fmt::format("x-api-key: {}\r\n\r\n", kToken);
  EXPECT_TRUE(
      ask(*bridge, "DELETE /base/v1/messages HTTP/1.1\r\n" + token).starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(
      ask(*bridge, "CONNECT evil.example:443 HTTP/1.1\r\n" + token).starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(provider.requests().empty());
  EXPECT_TRUE(ask(*bridge, "GET /base/v1/models HTTP/1.1\r\n" + token).starts_with("HTTP/1.1 200"));
}

TEST(Bridge, TellsTokensAndCost) {
  ScriptedProvider provider(says(kAnswer));
  const auto bridge = bridge_to(options_for(provider.url()));
  for (int i = 0; i < 3; ++i) ask(*bridge, post(kMessages, "{}"));
  const Tally tally = bridge->end();
  EXPECT_EQ(tally.requests, 3);
  EXPECT_EQ(tally.cost.input_tokens, 300);
  EXPECT_EQ(tally.cost.output_tokens, 30);
  EXPECT_EQ(tally.cost.usd, MicroUsd(3 * (100 * 3 + 10 * 15)));
  EXPECT_TRUE(tally.priced);
}

TEST(Bridge, SaysThatAModelHasNoPrice) {
  ScriptedProvider provider(
      says(R"({"model":"unknown","usage":{"input_tokens":100,"output_tokens":10}})"));
  const auto bridge = bridge_to(options_for(provider.url()));
  ask(*bridge, post(kMessages, "{}"));
  const Tally tally = bridge->end();
  EXPECT_FALSE(tally.priced);
  EXPECT_EQ(tally.cost.usd, MicroUsd(0));
  EXPECT_EQ(tally.cost.input_tokens, 100);
}

TEST(Bridge, EndsItsServiceWhenTheBudgetIsSpent) {
  ScriptedProvider provider(says(kAnswer));
  for (const Wire wire : {Wire::anthropic, Wire::openai}) {
    BridgeOptions options = options_for(provider.url(), wire);
    options.budget = MicroUsd(500);  // one answer is 450
    const auto bridge = bridge_to(std::move(options));
    const std::string path = wire == Wire::anthropic ? kMessages : "/responses";
    EXPECT_TRUE(ask(*bridge, post(path, "{}")).starts_with("HTTP/1.1 200"));
    EXPECT_FALSE(bridge->tally().spent);
    EXPECT_TRUE(ask(*bridge, post(path, "{}")).starts_with("HTTP/1.1 200"));  // the last straw
    const std::string answer = ask(*bridge, post(path, "{}"));
    EXPECT_TRUE(answer.starts_with(wire == Wire::anthropic ? "HTTP/1.1 400" : "HTTP/1.1 429"));
    EXPECT_TRUE(has(answer, "x-should-retry: false")) << answer;
    EXPECT_TRUE(
        has(answer, wire == Wire::anthropic ? "credit balance is too low" : "insufficient_quota"));
    EXPECT_TRUE(bridge->end().spent);
  }
  EXPECT_EQ(provider.requests().size(), 4);
}

TEST(Bridge, LetsAnswersThroughAsTheyCome) {
  std::mutex mutex;
  std::condition_variable condition;
  bool seen = false;
  ScriptedProvider provider([&](const httplib::Request&, httplib::Response& response) {
    response.set_chunked_content_provider(
        "text/event-stream", [&](std::size_t offset, httplib::DataSink& sink) {
          if (offset == 0) {
            const std::string first =
                "data: {\"type\":\"message_start\",\"message\":{\"model\":\"model-1\",\"usage\":"
                "{\"input_tokens\":7,\"output_tokens\":1}}}\n\n";
            return sink.write(first.data(), first.size());
          }
          std::unique_lock lock(mutex);
          condition.wait(lock, [&] { return seen; });
          const std::string last =
              "data: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":42}}\n\n";
          sink.write(last.data(), last.size());
          sink.done();
          return true;
        });
  });
  const auto bridge = bridge_to(options_for(provider.url()));
  auto [here, there] = connected();
  bridge->take(std::move(there));
  write_all(here, post(kMessages, R"({"stream":true})"));
  EXPECT_TRUE(has(read_until(here, "message_start"), "text/event-stream"));
  {
    const std::lock_guard lock(mutex);
    seen = true;  // the provider has not said the rest yet
  }
  condition.notify_all();
  EXPECT_TRUE(has(read_until(here), "0\r\n\r\n"));
  const Tally tally = bridge->end();
  EXPECT_EQ(tally.cost.input_tokens, 7);
  EXPECT_EQ(tally.cost.output_tokens, 42);
}

TEST(Bridge, CountsWhatWasNotToldToThoseWhoHangUp) {
  ScriptedProvider provider([](const httplib::Request&, httplib::Response& response) {
    response.set_chunked_content_provider(
        "text/event-stream", [n = 0](std::size_t, httplib::DataSink& sink) mutable {
          const std::string event = "data: {\"delta\":\"" + std::string(10'000, 'x') + "\"}\n\n";
          return ++n < 5000 && sink.write(event.data(), event.size());
        });
  });
  const auto bridge = bridge_to(options_for(provider.url("/v1"), Wire::openai));
  {
    auto [here, there] = connected();
    bridge->take(std::move(there));
    write_all(here, post("/v1/responses", std::string(4000, ' ')));
    read_until(here, "delta");
  }
  while (bridge->tally().requests == 0) std::this_thread::yield();
  const Tally tally = bridge->end();
  EXPECT_EQ(tally.cost.input_tokens, 1000);
  EXPECT_GT(tally.cost.output_tokens, 0);
}

TEST(Bridge, PassesOnWhatTheProviderSaysOfAFailure) {
  ScriptedProvider provider([](const httplib::Request&, httplib::Response& response) {
    response.status = 429;
    response.set_header("retry-after", "7");
    response.set_content(std::string(R"({"error":{"message":"slow down, )") + kKey + R"("}})",
                         "application/json");
  });
  const auto bridge = bridge_to(options_for(provider.url()));
  const std::string answer = ask(*bridge, post(kMessages, "{}"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 429 ")) << answer;
  EXPECT_TRUE(has(answer, "retry-after: 7")) << answer;
  EXPECT_EQ(body_of(answer), R"({"error":{"message":"slow down, [redacted]"}})");
  EXPECT_EQ(bridge->end().failed, 1);
}

TEST(Bridge, FollowsNoRedirect) {
  ScriptedProvider other(says(kAnswer));
  ScriptedProvider provider([&](const httplib::Request&, httplib::Response& response) {
    response.set_redirect(other.url("/v1/messages"), 307);
  });
  const auto bridge = bridge_to(options_for(provider.url()));
  const std::string answer = ask(*bridge, post(kMessages, "{}"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 307 ")) << answer;
  EXPECT_TRUE(other.requests().empty());
}

TEST(Bridge, SaysThatNobodyAnswers) {
  std::string nowhere;
  {
    ScriptedProvider provider(says(""));
    nowhere = provider.url();
  }
  const auto bridge = bridge_to(options_for(nowhere));
  const std::string answer = ask(*bridge, post(kMessages, "{}"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 502 ")) << answer;
  EXPECT_TRUE(has(answer, R"("type":"api_error")")) << answer;
  EXPECT_EQ(bridge->end().failed, 1);
}

TEST(Bridge, AsksForTheUsageOfChatCompletions) {
  ScriptedProvider provider(says("{}"));
  const auto bridge = bridge_to(options_for(provider.url(), Wire::openai));
  ask(*bridge, post("/chat/completions", R"({"stream":true,"model":"m"})", bearer(kToken)));
  ask(*bridge, post("/chat/completions", R"({"model":"m"})", bearer(kToken)));
  ASSERT_EQ(provider.requests().size(), 2);
  EXPECT_EQ(provider.requests()[0].body,
            R"({"stream":true,"model":"m","stream_options":{"include_usage":true}})");
  EXPECT_EQ(provider.requests()[1].body, R"({"model":"m"})");
}

TEST(Bridge, EndsThoughTheProviderNeverAnswers) {
  std::mutex mutex;
  std::condition_variable condition;
  bool over = false;
  {
    ScriptedProvider provider([&](const httplib::Request&, httplib::Response&) {
      std::unique_lock lock(mutex);
      condition.wait(lock, [&] { return over; });
    });
    const auto bridge = bridge_to(options_for(provider.url()));
    auto [here, there] = connected();
    bridge->take(std::move(there));
    write_all(here, post(kMessages, "{}"));
    while (provider.requests().empty()) std::this_thread::yield();
    bridge->end();
    EXPECT_FALSE(has(read_until(here), "200"));
    {
      const std::lock_guard lock(mutex);
      over = true;
    }
    condition.notify_all();
  }
}

TEST(Bridge, IsNotStartedWithoutAnAddress) {
  for (const char* url :
       {"", "api.example.org", "ftp://x", "http://", "https://user@host", "http://x/?y"}) {
    EXPECT_FALSE(Bridge::start(options_for(url)).has_value()) << url;
  }
}

}  // namespace
}  // namespace swarmlab::worker
