// The proxy lets a sandbox to what its lab names, and to nothing that is near by.
#include "worker/bridge/proxy.h"

#include <atomic>

#include "tests/worker/bridge/fixture.h"

namespace swarmlab::worker {
namespace {

using Resolved = Result<std::vector<Address>>;

std::unique_ptr<Proxy> proxy_to(std::vector<Destination> allowed, ProxyOptions options = {}) {
  options.allowed = std::move(allowed);
  auto proxy = Proxy::start(std::move(options));
  EXPECT_TRUE(proxy.has_value());
  return std::move(*proxy);
}

// All names are at this address.
ProxyOptions where_all_are_at(const std::string& address, std::atomic<int>* asked = nullptr) {
  ProxyOptions options;
  options.resolve = [=](const std::string&, std::uint16_t port) -> Resolved {
    if (asked != nullptr) ++*asked;
    return std::vector<Address>{*Address::parse(address, port)};
  };
  return options;
}

std::string connect(const std::string& place) {
  return fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\nUser-Agent: x\r\n\r\n", place);
}

bool is_refused(const std::string& answer) {
  return answer.starts_with("HTTP/1.1 403 ");
}

Destination at(const ScriptedProvider& server) {
  return {.host = "127.0.0.1", .port = static_cast<std::uint16_t>(server.port())};
}

TEST(Proxy, ConnectsToWhatTheLabNames) {
  ScriptedProvider server(says("hello"));
  const auto proxy = proxy_to({at(server)});
  auto [here, there] = connected();
  proxy->take(std::move(there));
  write_all(here, connect(fmt::format("127.0.0.1:{}", server.port())));
  EXPECT_EQ(read_until(here, "\r\n\r\n"), "HTTP/1.1 200 Connection established\r\n\r\n");
  write_all(here, "GET /inside/tls HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(read_until(here).ends_with("hello"));
  EXPECT_EQ(server.requests().at(0).target, "/inside/tls");
  EXPECT_TRUE(proxy->refusals().empty());
}

TEST(Proxy, CarriesManyBytesAndEndsEachWayOnItsOwn) {
  ScriptedProvider server([](const httplib::Request& request, httplib::Response& response) {
    response.set_content(request.body, "x/y");
  });
  const auto proxy = proxy_to({at(server)});
  auto [here, there] = connected();
  proxy->take(std::move(there));
  write_all(here, connect(fmt::format("127.0.0.1:{}", server.port())));
  read_until(here, "\r\n\r\n");
  const std::string body(3'000'000, 'x');
  std::thread writer(
      [&here = here, &body] { write_all(here, post("/x", body, "Connection: close\r\n")); });
  EXPECT_TRUE(read_until(here).ends_with("\r\n\r\n" + body));
  writer.join();
}

TEST(Proxy, PassesOnPlainRequests) {
  ScriptedProvider server(says("hello"));
  const auto proxy = proxy_to({at(server)});
  const std::string answer =
      ask(*proxy, fmt::format("POST http://127.0.0.1:{}/a?b=c HTTP/1.1\r\nHost: other.example\r\n"
                              "Proxy-Connection: keep-alive\r\nProxy-Authorization: Basic eDp5\r\n"
                              "X-Own: 1\r\nContent-Length: 2\r\n\r\n{{}}",
                              server.port()));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
  const httplib::Request request = server.requests().at(0);
  EXPECT_EQ(request.target, "/a?b=c");
  EXPECT_EQ(request.body, "{}");
  EXPECT_EQ(request.get_header_value("host"), fmt::format("127.0.0.1:{}", server.port()));
  EXPECT_EQ(request.get_header_value("x-own"), "1");
  EXPECT_FALSE(request.has_header("proxy-authorization"));
}

TEST(Proxy, RefusesWhatTheLabDoesNotName) {
  std::atomic<int> asked = 0;
  const auto proxy = proxy_to({{"pypi.org", 0}}, where_all_are_at("192.0.2.1", &asked));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(is_refused(ask(*proxy, connect("evil.example:443"))));
  EXPECT_TRUE(is_refused(ask(*proxy, connect("pypi.org:22"))));
  EXPECT_TRUE(is_refused(ask(*proxy, connect("notpypi.org:443"))));
  EXPECT_TRUE(is_refused(ask(*proxy, connect("pypi.org.evil.example:443"))));
  EXPECT_TRUE(
      is_refused(ask(*proxy, "GET http://evil.example/ HTTP/1.1\r\nHost: pypi.org\r\n\r\n")));
  EXPECT_EQ(asked, 0);  // nor are its names looked up: they could carry words out
  const auto refusals = proxy->refusals();
  ASSERT_EQ(refusals.size(), 5);
  EXPECT_EQ(refusals[0], (NetworkRefusal{"evil.example", 443, 3}));
}

TEST(Proxy, KnowsWildcards) {
  const std::vector<Destination> allowed = {{"*.example.org", 0}, {"one.example", 8080}};
  EXPECT_TRUE(is_named(allowed, "a.example.org", 443));
  EXPECT_TRUE(is_named(allowed, "a.b.example.org", 80));
  EXPECT_FALSE(is_named(allowed, "example.org", 443));
  EXPECT_FALSE(is_named(allowed, ".example.org", 443));
  EXPECT_FALSE(is_named(allowed, "xexample.org", 443));
  EXPECT_FALSE(is_named(allowed, "a.example.org", 8080));
  EXPECT_TRUE(is_named(allowed, "one.example", 8080));
  EXPECT_FALSE(is_named(allowed, "one.example", 443));
  EXPECT_TRUE(is_named({{"*", 0}}, "anything", 443));
  EXPECT_FALSE(is_named({}, "anything", 443));
}

TEST(Proxy, RefusesNamesOfWhatIsNearBy) {
  for (const char* address :
       {"127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.31.0.1", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "::1", "::", "fe80::1", "fd00::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1", "224.0.0.1",
        "255.255.255.255"}) {
    const auto proxy = proxy_to({{"*", 0}, {"name.example", 0}}, where_all_are_at(address));
    const std::string answer = ask(*proxy, connect("name.example:443"));
    EXPECT_TRUE(is_refused(answer)) << address << answer;
    EXPECT_EQ(proxy->refusals(), (std::vector<NetworkRefusal>{{"name.example", 443, 1}}));
  }
}

TEST(Proxy, RefusesTheLoopbackByAnyOfItsSpellings) {
  ScriptedProvider server(says("near"));
  const auto port = static_cast<std::uint16_t>(server.port());
  const auto proxy = proxy_to({{"*", port}, {"localhost", port}});
  for (const char* host :
       {"localhost", "LOCALHOST", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1",
        "0", "[::1]", "[::ffff:127.0.0.1]", "localhost."}) {
    const std::string answer = ask(*proxy, connect(fmt::format("{}:{}", host, port)));
    EXPECT_FALSE(answer.starts_with("HTTP/1.1 200")) << host << answer;
  }
  EXPECT_TRUE(server.requests().empty());
}

TEST(Proxy, RefusesTheOtherAddressesOfThisMachine) {
  for (const std::string& address : own_addresses()) {
    const auto proxy = proxy_to({{"*", 0}}, where_all_are_at(address));
    EXPECT_TRUE(is_refused(ask(*proxy, connect("name.example:443")))) << address;
  }
}

TEST(Proxy, LetsToWhatIsNearByIfItsAddressAndPortAreNamed) {
  ScriptedProvider server(says("near"));
  std::atomic<int> asked = 0;
  const auto port = static_cast<std::uint16_t>(server.port());
  const auto proxy =
      proxy_to({{"name.example", port}, at(server)}, where_all_are_at("127.0.0.1", &asked));
  const std::string request = "GET http://name.example:{}/ HTTP/1.1\r\n\r\n";
  EXPECT_TRUE(ask(*proxy, fmt::format(fmt::runtime(request), port)).ends_with("near"));
  EXPECT_EQ(asked, 1);  // what was looked at is what is connected to
  EXPECT_EQ(server.requests().at(0).get_header_value("host"), fmt::format("name.example:{}", port));
}

TEST(Proxy, DoesNotFollowRedirectsAndRefusesWhereTheyLead) {
  ScriptedProvider secret(says("secret"));
  ScriptedProvider server([&](const httplib::Request&, httplib::Response& response) {
    response.set_redirect(secret.url("/"));
  });
  const auto proxy = proxy_to({at(server)});
  const auto get = [&](const ScriptedProvider& from) {
    return ask(*proxy, fmt::format("GET {} HTTP/1.1\r\n\r\n", from.url("/")));
  };
  EXPECT_TRUE(get(server).starts_with("HTTP/1.1 302 "));
  EXPECT_TRUE(is_refused(get(secret)));
  EXPECT_TRUE(secret.requests().empty());
}

TEST(Proxy, UnderstandsNothingElse) {
  const auto proxy = proxy_to({{"*", 0}});
  for (const char* request :
       {"GET / HTTP/1.1\r\nHost: pypi.org\r\n\r\n", "GET https://pypi.org/ HTTP/1.1\r\n\r\n",
        "GET ftp://pypi.org/ HTTP/1.1\r\n\r\n", "GET http://user@pypi.org/ HTTP/1.1\r\n\r\n",
        "CONNECT pypi.org HTTP/1.1\r\n\r\n", "CONNECT pypi.org:0 HTTP/1.1\r\n\r\n",
        "CONNECT pypi.org:99999 HTTP/1.1\r\n\r\n", "CONNECT :443 HTTP/1.1\r\n\r\n",
        "CONNECT py\xC3\xBCpi.org:443 HTTP/1.1\r\n\r\n", "CONNECT a/b:443 HTTP/1.1\r\n\r\n",
        "CONNECT [::1:443 HTTP/1.1\r\n\r\n", "\x05\x01\x01\r\n\r\n"}) {
    EXPECT_TRUE(ask(*proxy, request).starts_with("HTTP/1.1 400 ")) << request;
  }
}

TEST(Proxy, BoundsWhatItIsTold) {
  ProxyOptions options;
  options.request_time = Milliseconds(50);
  options.most_connections = 2;
  const auto proxy = proxy_to({{"*", 0}}, std::move(options));
  EXPECT_TRUE(ask(*proxy, "GET http://x/ HTTP/1.1\r\nx: " + std::string(200'000, 'x'))
                  .starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask(*proxy, "CONN").starts_with("HTTP/1.1 400 "));  // and then nothing
  auto one = connected();
  auto two = connected();
  auto three = connected();
  proxy->take(std::move(one.second));
  proxy->take(std::move(two.second));
  proxy->take(std::move(three.second));
  EXPECT_EQ(read_until(three.first), "");
}

TEST(Proxy, RemembersNoMoreRefusalsThanAReportHolds) {
  const auto proxy = proxy_to({});
  for (std::size_t i = 0; i < kMostRefusals + 10; ++i) {
    EXPECT_TRUE(is_refused(ask(*proxy, connect(fmt::format("host{}.example:443", i)))));
  }
  EXPECT_TRUE(is_refused(ask(*proxy, connect("host57.example:443"))));
  const auto refusals = proxy->refusals();
  EXPECT_EQ(refusals.size(), kMostRefusals);
  EXPECT_EQ(refusals.front(), (NetworkRefusal{"host57.example", 443, 2}));
}

TEST(Proxy, EndsThoughConnectionsAreOpen) {
  ScriptedProvider server(says("hello"));
  const auto proxy = proxy_to({at(server)});
  auto [here, there] = connected();
  proxy->take(std::move(there));
  write_all(here, connect(fmt::format("127.0.0.1:{}", server.port())));
  read_until(here, "\r\n\r\n");
  proxy->end();
  EXPECT_EQ(read_until(here), "");
}

TEST(Addresses, OfTheInternetAreThoseThatAreGivenOut) {
  for (const char* address : {"1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "192.169.0.1",
                              "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"}) {
    EXPECT_TRUE(Address::parse(address, 1)->is_public()) << address;
  }
  for (const char* address :
       {"172.16.0.1", "100.127.255.255", "192.0.0.8", "198.18.0.1", "240.0.0.1", "2001:db8::1",
        "2001::1", "fec0::1", "::127.0.0.1", "100::1"}) {
    EXPECT_FALSE(Address::parse(address, 1)->is_public()) << address;
  }
  EXPECT_EQ(Address::parse("::ffff:10.0.0.1", 1)->text(), "10.0.0.1");
  EXPECT_FALSE(Address::parse("127.1", 1).has_value());
}

}  // namespace
}  // namespace swarmlab::worker
