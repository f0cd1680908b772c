// Who calls a bridge may send anything, never, or without end.
#include "tests/worker/bridge/fixture.h"
#include "worker/bridge/http.h"

namespace swarmlab::worker {
namespace {

TEST(BridgeIsNotFooled, ByRequestsThatAreReadInTwoWays) {
  ScriptedProvider provider(says(kAnswer));
  const auto bridge = bridge_to(options_for(provider.url()));
  const std::string token = fmt::format("x-api-key: {}\r\n", kToken);
  const std::string line = "POST /v1/messages HTTP/1.1\r\n" + token;
  const std::vector<std::string> requests = {
      line + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
      line + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      line + "Content-Length: -1\r\n\r\n",
      line + "Content-Length: 0x2\r\n\r\n{}",
      line + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      line + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
      line + "Host: a\r\nHost: b\r\n\r\n",
      line + " folded: x\r\n\r\n",
      line + "na me: x\r\n\r\n",
      line +
          "x: a\x01"
          "b\r\n\r\n",
      line + "x: a\rb: c\r\n\r\n",
      line + "x: a\nb: c\r\n\r\n",
      "POST  /v1/messages HTTP/1.1\r\n" + token + "\r\n",
      "POST /v1/messages\r\n\r\n",
      "POST /v1/messages HTTP/2.0\r\n\r\n",
      std::string("\0\0\0\r\n\r\n", 7)};
  for (const std::string& request : requests) {
    EXPECT_TRUE(ask(*bridge, request).starts_with("HTTP/1.1 400 ")) << request;
  }
  EXPECT_TRUE(provider.requests().empty());
}

TEST(BridgeIsNotFooled, ByASecondRequestBehindTheFirst) {
  ScriptedProvider provider(says(kAnswer));
  const auto bridge = bridge_to(options_for(provider.url()));
  const std::string answer =
      ask(*bridge, post(kMessages, "{}") + post("/v1/files", "{}", "x-api-key: sk-x\r\n"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200"));
  EXPECT_EQ(provider.requests().size(), 1);
}

TEST(BridgeBounds, Heads) {
  const auto bridge = bridge_to(options_for("http://127.0.0.1:9"));
  const std::string begin = "POST /v1/messages HTTP/1.1\r\n";
  EXPECT_TRUE(ask(*bridge, begin + "x: " + std::string(200'000, 'x')).starts_with("HTTP/1.1 400 "));
  std::string many = begin;
  for (int i = 0; i < 300; ++i) many += "a: b\r\n";
  EXPECT_TRUE(ask(*bridge, many + "\r\n").starts_with("HTTP/1.1 400 "));
}

TEST(BridgeBounds, Bodies) {
  ScriptedProvider provider(says(kAnswer));
  BridgeOptions options = options_for(provider.url());
  options.most_request_bytes = 1000;
  const auto bridge = bridge_to(std::move(options));
  EXPECT_TRUE(ask(*bridge, post(kMessages, std::string(1001, 'x'))).starts_with("HTTP/1.1 413 "));
  const std::string head = fmt::format(
      "POST {} HTTP/1.1\r\nx-api-key: {}\r\nTransfer-Encoding: chunked\r\n\r\n", kMessages, kToken);
  EXPECT_TRUE(ask(*bridge, head + "ffffffffffffffff\r\n").starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(ask(*bridge, head + "200\r\n" + std::string(512, 'x') + "\r\n1e9\r\n")
                  .starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(provider.requests().empty());
  EXPECT_TRUE(ask(*bridge, head + "5\r\nhello\r\n3;x=y\r\n, w\r\n0\r\nx: y\r\n\r\n")
                  .starts_with("HTTP/1.1 200 "));
  EXPECT_EQ(provider.requests()[0].body, "hello, w");
}

TEST(BridgeBounds, TheTimeOfThoseWhoWriteSlowlyOrNothing) {
  BridgeOptions options = options_for("http://127.0.0.1:9");
  options.request_time = Milliseconds(50);
  const auto bridge = bridge_to(std::move(options));
  EXPECT_TRUE(ask(*bridge, "POST /v1/mess").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask(*bridge, "").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask(*bridge, fmt::format("POST {} HTTP/1.1\r\nx-api-key: {}\r\nContent-Length: 9\r\n"
                                       "\r\nx",
                                       kMessages, kToken))
                  .starts_with("HTTP/1.1 400 "));
}

TEST(BridgeBounds, HowManyItServes) {
  BridgeOptions options = options_for("http://127.0.0.1:9");
  options.most_connections = 3;
  const auto bridge = bridge_to(std::move(options));
  std::vector<UniqueFd> idle;
  for (int i = 0; i < 3; ++i) {
    auto [here, there] = connected();
    bridge->take(std::move(there));
    idle.push_back(std::move(here));
  }
  EXPECT_EQ(ask(*bridge, post(kMessages, "{}")), "");  // hung up on
  idle.pop_back();
  std::string answer;
  while (answer.empty()) answer = ask(*bridge, post("/x", "{}"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 404 ")) << answer;
}

TEST(BridgeBounds, ItsEndThoughCallersStay) {
  const auto bridge = bridge_to(options_for("http://127.0.0.1:9"));
  std::vector<UniqueFd> idle;
  for (int i = 0; i < 10; ++i) {
    auto [here, there] = connected();
    bridge->take(std::move(there));
    write_all(here, "POST /v1/messages HTTP/1.1\r\n");
    idle.push_back(std::move(here));
  }
  bridge->end();
  for (const UniqueFd& caller : idle) read_until(caller);
  EXPECT_EQ(ask(*bridge, post(kMessages, "{}")), "");  // it is over
}

}  // namespace
}  // namespace swarmlab::worker
