// What a probe asks: an answer of any status comes back, and what does not answer is said in time.
#include "common/http/get.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "common/os/unique_fd.h"

namespace swarmlab::http {
namespace {

constexpr Milliseconds kLong{60000};

TEST(HttpGet, GivesTheAnswerWhateverItsStatus) {
  auto server = Server::start(
      Address{}, {{"/good", [] { return Response{.body = "fine\n"}; }},
                  {"/bad", [] { return Response{.status = 503, .body = "not now\n"}; }}});
  ASSERT_TRUE(server) << server.error().message;
  const std::string url = (*server)->url();
  const auto good = get(url, "/good", kLong);
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->status, 200);
  EXPECT_EQ(good->body, "fine\n");
  const auto bad = get(url, "/bad", kLong);
  ASSERT_TRUE(bad) << bad.error().message;
  EXPECT_EQ(bad->status, 503);
  EXPECT_EQ(bad->body, "not now\n");
  EXPECT_EQ(get(url, "/nowhere", kLong)->status, 404);
}

TEST(HttpGet, SaysThatNobodyAnswers) {
  std::string url;
  {
    auto server = Server::start(Address{}, {});
    ASSERT_TRUE(server);
    url = (*server)->url();
  }
  const auto answer = get(url, "/healthz", kLong);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
  EXPECT_EQ(answer.error().message, url + "/healthz: nobody answers there");
}

TEST(HttpGet, DoesNotWaitForWhoAcceptsAndSaysNothing) {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)), 0);
  ASSERT_EQ(::listen(fd.get(), 1), 0);
  socklen_t size = sizeof(at);
  ASSERT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
  const auto answer =
      get(fmt::format("http://127.0.0.1:{}", ntohs(at.sin_port)), "/healthz", Milliseconds(200));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
}

TEST(HttpUrl, IsAPortAnAddressOrAWholeUrl) {
  EXPECT_EQ(url_from("9464").value(), (Url{"http://127.0.0.1:9464", ""}));
  EXPECT_EQ(url_from("10.0.0.5:9464").value(), (Url{"http://10.0.0.5:9464", ""}));
  EXPECT_EQ(url_from("http://c:9464/").value(), (Url{"http://c:9464", ""}));
  EXPECT_EQ(url_from("http://[::1]:9464/readyz").value(), (Url{"http://[::1]:9464", "/readyz"}));
}

TEST(HttpUrl, RefusesWhatIsNone) {
  for (const char* text : {"", "c", ":1", "http://c", "https://c:1", "c:0", "c:65536", "c:x",
                           "a b:1", "user@c:1", "99999", "ftp://c:1"}) {
    const auto url = url_from(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, ErrorCode::invalid_input);
  }
}

}  // namespace
}  // namespace swarmlab::http
