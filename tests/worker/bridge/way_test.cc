// How a bridge gets to its provider: by the proxy of its worker, if there is one, and without being
// held up by names that nobody knows.
#include "worker/bridge/way.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <condition_variable>

#include "tests/worker/bridge/fixture.h"

namespace swarmlab::worker {
namespace {

using Environment = std::vector<std::string>;

std::optional<Way> way(const std::string& url, const Environment& environment) {
  const auto parsed = parse_url(url);
  EXPECT_TRUE(parsed);
  return way_to(*parsed, environment);
}

TEST(Way, IsStraightWhereNoProxyIsNamed) {
  EXPECT_EQ(way("https://api.example.com", {}), std::nullopt);
  EXPECT_EQ(way("https://api.example.com", {"HTTPS_PROXY=", "HTTP_PROXY=http://p:1"}),
            std::nullopt);
  EXPECT_EQ(way("https://api.example.com", {"HTTPS_PROXY=socks5://p:1"}), std::nullopt);
}

TEST(Way, IsByTheProxyOfTheScheme) {
  const Environment both = {"HTTPS_PROXY=http://secure:3128", "http_proxy=plain:8080"};
  EXPECT_EQ(way("https://api.example.com", both), (Way{.proxy = {"secure", 3128}}));
  EXPECT_EQ(way("http://api.example.com", both), (Way{.proxy = {"plain", 8080}}));
  EXPECT_EQ(way("https://x.example", {"ALL_PROXY=http://p"}), (Way{.proxy = {"p", 80}}));
  EXPECT_EQ(way("https://x.example", {"HTTPS_PROXY=http://big:1", "https_proxy=http://small:2"}),
            (Way{.proxy = {"small", 2}}));
}

TEST(Way, KnowsWhoTheProxyAsksFor) {
  EXPECT_EQ(way("https://x.example", {"https_proxy=http://me:p%40ss@p.example:3128/"}),
            (Way{.proxy = {"p.example", 3128}, .user = "me", .password = "p@ss"}));
  EXPECT_EQ(proxy_passwords({"HTTPS_PROXY=http://me:p%40ss@p:1"}), (Environment{"p@ss"}));
}

TEST(Way, IsStraightToWhatIsExceptedAndToTheLoopback) {
  const auto by_proxy = [](const std::string& url, const std::string& except) {
    return way(url, {"ALL_PROXY=http://p:1", "NO_PROXY=" + except}).has_value();
  };
  EXPECT_FALSE(by_proxy("http://127.0.0.1:8000", ""));
  EXPECT_FALSE(by_proxy("http://localhost:8000", ""));
  EXPECT_FALSE(by_proxy("http://[::1]:8000", ""));
  EXPECT_FALSE(by_proxy("https://api.example.com", "other.org, example.com"));
  EXPECT_FALSE(by_proxy("https://api.example.com", ".EXAMPLE.com"));
  EXPECT_FALSE(by_proxy("https://api.example.com", "*.example.com"));
  EXPECT_FALSE(by_proxy("https://api.example.com", "*"));
  EXPECT_FALSE(by_proxy("http://10.0.0.7:8000", "10.0.0.7:8000"));
  EXPECT_TRUE(by_proxy("http://10.0.0.7:8001", "10.0.0.7:8000"));
  EXPECT_TRUE(by_proxy("https://api.example.com", "ample.com,"));
}

TEST(BridgeByAProxy, AsksItForTheProviderByItsName) {
  ScriptedProvider proxy(says(kAnswer));
  BridgeOptions options = options_for("http://provider.example:8000");
  options.environment = {fmt::format("http_proxy=http://me:pass@127.0.0.1:{}", proxy.port())};
  const auto bridge = bridge_to(std::move(options));
  EXPECT_EQ(body_of(ask(*bridge, post(kMessages, "{}"))), kAnswer);
  const auto requests = proxy.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].target, "http://provider.example:8000/v1/messages");
  EXPECT_EQ(requests[0].get_header_value("proxy-authorization"), "Basic bWU6cGFzcw==");
  EXPECT_EQ(requests[0].get_header_value("x-api-key"), kKey);
}

// The first line that a caller sends to a port of the loopback.
class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket_.get(), raw, size), 0);
    EXPECT_EQ(::listen(socket_.get(), 4), 0);
    EXPECT_EQ(::getsockname(socket_.get(), raw, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string first_request() const {
    const UniqueFd caller(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    std::string text = read_until(caller, "\r\n\r\n");
    write_all(caller, "HTTP/1.1 502 no\r\nContent-Length: 0\r\n\r\n");
    return text;
  }

 private:
  UniqueFd socket_;
  int port_ = 0;
};

TEST(BridgeByAProxy, LeavesTlsToTheEnds) {
  const Listener proxy;
  BridgeOptions options = options_for("https://provider.example");
  options.environment = {fmt::format("HTTPS_PROXY=http://127.0.0.1:{}", proxy.port())};
  const auto bridge = bridge_to(std::move(options));
  std::string request;
  std::thread listens([&] { request = proxy.first_request(); });
  const std::string answer = ask(*bridge, post(kMessages, "{}"));
  listens.join();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 502 ")) << answer;
  EXPECT_TRUE(request.starts_with("CONNECT provider.example:443 HTTP/1.1\r\n")) << request;
  EXPECT_EQ(request.find(kKey), std::string::npos) << request;
}

TEST(Names, ThatNobodyAnswersForHoldNobodyUp) {
  struct Nobody {
    std::mutex mutex;
    std::condition_variable changed;
    bool asked = false;
    bool over = false;
  };
  const auto nobody = std::make_shared<Nobody>();
  BridgeOptions options = options_for("http://provider.example");
  options.resolve = [nobody](const std::string&, std::uint16_t) -> Result<std::vector<Address>> {
    std::unique_lock lock(nobody->mutex);
    nobody->asked = true;
    nobody->changed.notify_all();
    nobody->changed.wait(lock, [&] { return nobody->over; });
    return fail(ErrorCode::unavailable, "nobody");
  };
  const auto bridge = bridge_to(std::move(options));
  auto [here, there] = connected();
  bridge->take(std::move(there));
  write_all(here, post(kMessages, "{}"));
  {
    std::unique_lock lock(nobody->mutex);
    nobody->changed.wait(lock, [&] { return nobody->asked; });
  }
  bridge->end();  // while it is still being looked up
  const std::lock_guard lock(nobody->mutex);
  nobody->over = true;
  nobody->changed.notify_all();
}

TEST(Names, AreAskedForOnceAndAllTheirAddressesAreTried) {
  ScriptedProvider provider(says(kAnswer));
  const auto port = static_cast<std::uint16_t>(provider.port());
  BridgeOptions options = options_for(fmt::format("http://provider.example:{}", port));
  std::atomic<int> asked = 0;
  options.resolve = [&asked](const std::string& host, std::uint16_t to) {
    EXPECT_EQ(host, "provider.example");
    ++asked;
    // Nobody listens at the first one.
    return Result<std::vector<Address>>(
        std::vector<Address>{*Address::parse("127.0.0.9", to), *Address::parse("127.0.0.1", to)});
  };
  const auto bridge = bridge_to(std::move(options));
  EXPECT_EQ(body_of(ask(*bridge, post(kMessages, "{}"))), kAnswer);
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(provider.requests().at(0).get_header_value("host"),
            fmt::format("provider.example:{}", port));
}

}  // namespace
}  // namespace swarmlab::worker
