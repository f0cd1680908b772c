// HTTP for machines: what is asked for is answered, and nobody can hold it up.
#include "common/http/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>

#include "common/http/health.h"
#include "common/os/clock.h"
#include "common/os/unique_fd.h"

namespace swarmlab::http {
namespace {

class HttpServer : public testing::Test {
 protected:
  void start(Handlers handlers) {
    auto started = Server::start(Address{}, std::move(handlers));
    ASSERT_TRUE(started) << started.error().message;
    server = *std::move(started);
    const std::string url = server->url();
    port = static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
  }
  [[nodiscard]] UniqueFd connect() const {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
    return fd;
  }
  static void send(const UniqueFd& fd, const std::string& text) {
    EXPECT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  // Until the server closes it.
  static std::string read_all(const UniqueFd& fd) {
    std::string all;
    char bytes[4096];
    for (ssize_t got = 1; got > 0;) {
      got = ::recv(fd.get(), bytes, sizeof(bytes), 0);
      if (got > 0) all.append(bytes, static_cast<std::size_t>(got));
    }
    return all;
  }
  [[nodiscard]] std::string ask(const std::string& request) const {
    const UniqueFd fd = connect();
    send(fd, request);
    return read_all(fd);
  }
  static bool starts(const std::string& text, const std::string& with) {
    return text.starts_with(with);
  }
  static Handlers hello() {
    return {{"/hello", [] { return Response{.body = "hello\n"}; }}};
  }

  std::unique_ptr<Server> server;
  std::uint16_t port = 0;
};

TEST_F(HttpServer, AnswersWhatIsThere) {
  start(hello());
  const std::string answer = ask("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(starts(answer, "HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nhello\n")) << answer;
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
}

TEST_F(HttpServer, HeadHasNoBody) {
  start(hello());
  const std::string answer = ask("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(starts(answer, "HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST_F(HttpServer, RefusesOtherPathsAndMethods) {
  start(hello());
  EXPECT_TRUE(starts(ask("GET /../etc/passwd HTTP/1.1\r\n\r\n"), "HTTP/1.1 404"));
  EXPECT_TRUE(starts(ask("GET /hello/ HTTP/1.1\r\n\r\n"), "HTTP/1.1 404"));
  EXPECT_TRUE(starts(ask("DELETE /hello HTTP/1.1\r\n\r\n"), "HTTP/1.1 405"));
  EXPECT_TRUE(starts(ask("GET /hello?x=1 HTTP/1.1\r\n\r\n"), "HTTP/1.1 200"));
}

TEST_F(HttpServer, RefusesWhatIsNoRequest) {
  start(hello());
  EXPECT_FALSE(starts(ask("\x16\x03\x01 garbage\r\n\r\n"), "HTTP/1.1 200"));
  const std::string large = "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\n\r\n";
  const UniqueFd fd = connect();
  std::ignore = ::send(fd.get(), large.data(), large.size(), MSG_NOSIGNAL);
  EXPECT_FALSE(starts(read_all(fd), "HTTP/1.1 200"));
  EXPECT_TRUE(starts(ask("GET /hello HTTP/1.1\r\n\r\n"), "HTTP/1.1 200"));
}

TEST_F(HttpServer, ClosesOnThoseWhoSayNothingOrLittle) {
  start(hello());
  const UniqueFd silent = connect();
  const UniqueFd slow = connect();
  send(slow, "GET /hel");
  EXPECT_EQ(read_all(silent), "") << "returns when the server closes it";
  EXPECT_FALSE(starts(read_all(slow), "HTTP/1.1 200"));
}

TEST_F(HttpServer, ManyWhoHangDoNotKeepOthersOutForGood) {
  start(hello());
  std::vector<UniqueFd> hanging;
  for (int i = 0; i < 4; ++i) hanging.push_back(connect());
  EXPECT_TRUE(starts(ask("GET /hello HTTP/1.1\r\n\r\n"), "HTTP/1.1 200"));
}

TEST_F(HttpServer, EndsWhileSomebodyHangs) {
  start(hello());
  const UniqueFd silent = connect();
  ASSERT_TRUE(starts(ask("GET /hello HTTP/1.1\r\n\r\n"), "HTTP/1.1 200"));
  server.reset();
  EXPECT_EQ(read_all(silent), "");
}

TEST_F(HttpServer, AnswersThatNobodyReadsAreGivenUp) {
  std::atomic<int> asked = 0;
  start({{"/large",
          [&asked] {
            asked += 1;
            return Response{.body = std::string(64U << 20U, 'x')};
          }},
         {"/hello", [] { return Response{.body = "hello\n"}; }}});
  std::vector<UniqueFd> stuck;
  for (int i = 0; i < 4; ++i) {
    stuck.push_back(connect());
    send(stuck.back(), "GET /large HTTP/1.1\r\n\r\n");
  }
  EXPECT_TRUE(starts(ask("GET /hello HTTP/1.1\r\n\r\n"), "HTTP/1.1 200"));
  EXPECT_GE(asked, 1);
}

TEST_F(HttpServer, APortIsNobodyElses) {
  start(hello());
  const auto second = Server::start(Address{.port = port}, hello());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_EQ(second.error().message,
            fmt::format("HTTP at 127.0.0.1:{}: Address already in use", port));
}

TEST(HttpAddress, IsAPortOrAnIpAddressWithOne) {
  EXPECT_EQ(address_from("9464"), (Address{.host = "127.0.0.1", .port = 9464}));
  EXPECT_EQ(address_from("localhost:1"), (Address{.host = "127.0.0.1", .port = 1}));
  EXPECT_EQ(address_from("0.0.0.0:9464"), (Address{.host = "0.0.0.0", .port = 9464}));
  EXPECT_EQ(address_from("[::1]:9464"), (Address{.host = "::1", .port = 9464}));
  for (const char* wrong : {"", ":", "x", "9464x", "99999", "host:9464", "::1:9464", "[::1]",
                            "1.2.3.4", "1.2.3.4:", "-1", "http://127.0.0.1:1"}) {
    EXPECT_FALSE(address_from(wrong)) << wrong;
  }
}

TEST(HttpAddress, OfThisMachineAloneIsLoopback) {
  for (const char* here : {"1", "127.5.6.7:1", "[::1]:1", "localhost:1"}) {
    EXPECT_TRUE(stays_here(*address_from(here))) << here;
  }
  for (const char* anywhere : {"0.0.0.0:1", "10.0.0.1:1", "[::]:1", "[fe80::1]:1"}) {
    EXPECT_FALSE(stays_here(*address_from(anywhere))) << anywhere;
  }
}

TEST(Health, IsReadyUnlessSomethingBlocks) {
  const Response ready = readiness({{.what = "clock", .why = "it is off", .blocks = false}});
  EXPECT_EQ(ready.status, 200);
  EXPECT_NE(ready.body.find("\"ready\": true"), std::string::npos);
  EXPECT_NE(ready.body.find("\"what\": \"clock\""), std::string::npos);
  const Response not_ready = readiness({{.what = "disk", .why = "full: \xff"}});
  EXPECT_EQ(not_ready.status, 503);
  EXPECT_NE(not_ready.body.find("\"ready\": false"), std::string::npos);
}

TEST(Health, LivesUnlessItHangs) {
  EXPECT_EQ(liveness("").status, 200);
  EXPECT_EQ(liveness("its loop has not turned for 9 s").status, 503);
}

}  // namespace
}  // namespace swarmlab::http
