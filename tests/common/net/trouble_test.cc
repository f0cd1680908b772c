// What a client is told that a router does not let through: soon, and why.
#include "common/net/dealer.h"
#include "tests/common/net/net_test.h"

namespace swarmlab::net {
namespace {

using keys::SecretKey;

class TroubleTest : public NetTest {
 protected:
  TroubleTest() {
    keys::Allowlist allowed;
    EXPECT_TRUE(allowed.add({.key = known_.public_key(), .name = "w", .role = keys::Role::worker}));
    gate_->replace(allowed);
  }

  [[nodiscard]] Router guarded(const std::string& address = "tcp://127.0.0.1:0") const {
    auto bound = Router::bind(address, quick(), Guard{.server_key = server_, .gate = gate_});
    EXPECT_TRUE(bound) << bound.error().message;
    return std::move(*bound);
  }
  static Router plain(const std::string& address = "tcp://127.0.0.1:0") {
    auto bound = Router::bind(address, quick());
    EXPECT_TRUE(bound) << bound.error().message;
    return std::move(*bound);
  }
  [[nodiscard]] Credentials knowing(const SecretKey& own) const {
    return {.own = own, .server = server_.public_key()};
  }

  // What becomes of a request that could wait for ever.
  static Error error_at(const std::string& address, const std::optional<Credentials>& credentials) {
    ClientOptions options = quick_client();
    options.credentials = credentials;
    auto client = Client::connect(address, std::move(options));
    EXPECT_TRUE(client) << client.error().message;
    const auto reply = client->call(1, numbered(1, "hello"), std::chrono::hours(1));
    EXPECT_FALSE(reply);
    return reply ? Error{} : reply.error();
  }
  static bool says(const Error& error, const std::string& words) {
    return error.code == ErrorCode::unavailable && error.message.find(words) != std::string::npos;
  }

  static SecretKey fresh() { return *keys::make_secret_key(); }
  const SecretKey server_ = fresh();
  const SecretKey known_ = fresh();
  std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
};

TEST_F(TroubleTest, KeysAreWantedAndThereAreNone) {
  const Answering answering(guarded(), echo);
  const Error error = error_at(answering.address(), std::nullopt);
  EXPECT_TRUE(says(error, "wants keys")) << error.message;
}

TEST_F(TroubleTest, ThereAreKeysAndNoneAreWanted) {
  const Answering answering(plain(), echo);
  const Error error = error_at(answering.address(), knowing(known_));
  EXPECT_TRUE(says(error, "speaks without keys")) << error.message;
}

TEST_F(TroubleTest, TheServerHasAnotherKey) {
  const Answering answering(guarded(), echo);
  const Error error =
      error_at(answering.address(), Credentials{.own = known_, .server = fresh().public_key()});
  EXPECT_TRUE(says(error, "--server-key is not its key")) << error.message;
}

TEST_F(TroubleTest, TheKeyIsNotAllowed) {
  const Answering answering(guarded(), echo);
  const Error error = error_at(answering.address(), knowing(fresh()));
  EXPECT_TRUE(says(error, "does not let us in")) << error.message;
}

TEST_F(TroubleTest, IsOverWhenTheOtherSideIsAsItShouldBe) {
  auto wrong = std::make_unique<Answering>(plain(), echo);
  const std::string address = wrong->address();
  ClientOptions options = quick_client();
  options.credentials = knowing(known_);
  auto client = Client::connect(address, std::move(options));
  ASSERT_TRUE(client);
  ASSERT_FALSE(client->call(1, numbered(1, "hello"), kLong));
  wrong.reset();
  const Answering right(guarded(address), echo);
  Result<std::string> reply = fail(ErrorCode::unavailable, "not asked");
  std::uint64_t id = 1;
  for (const Deadline end = Deadline::after(kLong); !reply && !end.expired();) {
    ++id;
    reply = client->call(id, numbered(id, "hello"), kLong);
    if (!reply) std::this_thread::sleep_for(kMoment);  // as whoever asks again does
  }
  EXPECT_TRUE(reply) << reply.error().message;
}

TEST_F(TroubleTest, ARouterCountsTheHandshakesThatFailed) {
  Router router = guarded();
  auto dealer = Dealer::connect(router.address(), quick());
  ASSERT_TRUE(dealer);
  const Deadline end = Deadline::after(kLong);
  while (router.refusals().handshakes == 0 && !end.expired()) (void)router.receive(kMoment);
  EXPECT_GE(router.refusals().handshakes, 1U);
  EXPECT_EQ(router.refusals().connections, 0U) << "it did not come as far as its key";
}

TEST_F(TroubleTest, WhoIsNotThereAtAllIsNoTrouble) {
  auto dealer = Dealer::connect("tcp://127.0.0.1:1", quick(), knowing(known_));
  ASSERT_TRUE(dealer);
  (void)dealer->receive(kMoment);
  EXPECT_FALSE(dealer->trouble());
}

}  // namespace
}  // namespace swarmlab::net
