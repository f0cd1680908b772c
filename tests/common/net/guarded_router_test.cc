// A router with keys: who gets in, whose letters are read, and what does not help to get past it.
#include <arpa/inet.h>
#include <sys/socket.h>

#include <cstring>
#include <zmq.hpp>

#include "tests/common/net/guarded.h"

namespace swarmlab::net {
namespace {

TEST_F(GuardedRouterTest, TellsWhoSentALetterAndInWhichRole) {
  Dealer worker = dealer(w1_);
  send(worker, "ping");
  const Letter letter = one_letter(*router_);
  EXPECT_EQ(letter.bytes, "ping");
  ASSERT_TRUE(letter.sender);
  EXPECT_EQ(*letter.sender,
            (keys::Holder{.key = w1_.public_key(), .name = "w1", .role = Role::worker}));
  EXPECT_EQ(*router_->send(letter.peer, "pong"), Sent::queued);
  EXPECT_EQ(*worker.receive(kLong), "pong");

  Dealer steering = dealer(boss_);
  send(steering, "stop");
  EXPECT_EQ(one_letter(*router_).sender->role, Role::steerer);
}

TEST_F(GuardedRouterTest, GuardsAUnixSocketAsWell) {
  auto router = Router::bind(ipc(), quick(), guard());
  ASSERT_TRUE(router) << router.error().message;
  const Credentials known{.own = w1_, .server = server_.public_key()};
  auto worker = Dealer::connect(ipc(), quick(), known);
  auto stranger = Dealer::connect(ipc(), quick());
  ASSERT_TRUE(worker && stranger);
  EXPECT_FALSE(gets_through(*stranger, *router));
  EXPECT_TRUE(gets_through(*worker, *router));
}

TEST_F(GuardedRouterTest, ServesAClientWithCredentials) {
  const Answering answering(std::move(*router_), echo);
  ClientOptions options = quick_client();
  options.credentials = Credentials{.own = w1_, .server = server_.public_key()};
  auto client = Client::connect(answering.address(), std::move(options));
  ASSERT_TRUE(client) << client.error().message;
  const auto reply = client->call(1, numbered(1, "hello"), kLong);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(*reply, numbered(1, "hello"));
}

TEST_F(GuardedRouterTest, RefusesAKeyThatIsNotOnTheList) {
  Dealer stranger = dealer(fresh());
  EXPECT_FALSE(gets_through(stranger, *router_));
  EXPECT_GT(router_->refusals().connections, 0U);
}

TEST_F(GuardedRouterTest, LetsNobodyInWhileTheListIsEmpty) {
  gate_->replace({});
  Dealer worker = dealer(w1_);
  EXPECT_FALSE(gets_through(worker, *router_));
}

TEST_F(GuardedRouterTest, RefusesAClientWithoutKeys) {
  Dealer plain = dealer(std::nullopt);
  EXPECT_FALSE(gets_through(plain, *router_));
}

TEST_F(GuardedRouterTest, IsNotSpokenToByAClientThatExpectsAnotherServer) {
  Dealer careful = dealer(Credentials{.own = w1_, .server = fresh().public_key()});
  EXPECT_FALSE(gets_through(careful, *router_));
  EXPECT_EQ(router_->refusals().connections, 0U);  // it ended in the handshake
}

TEST_F(GuardedRouterTest, RefusesAKnownPublicKeyWithoutItsSecretHalf) {
  zmq::context_t context;
  zmq::socket_t thief(context, zmq::socket_type::dealer);
  thief.set(zmq::sockopt::linger, 0);
  thief.set(zmq::sockopt::curve_serverkey, server_.public_key().text());
  thief.set(zmq::sockopt::curve_publickey, w1_.public_key().text());
  thief.set(zmq::sockopt::curve_secretkey, std::string(fresh().reveal()));
  thief.connect(router_->address());
  thief.send(zmq::str_buffer("I am w1"), zmq::send_flags::dontwait);
  EXPECT_TRUE(router_->receive(kWhile)->empty());
}

TEST_F(GuardedRouterTest, DoesNotStepDownToAWeakerMechanism) {
  zmq::context_t context;
  zmq::socket_t weaker(context, zmq::socket_type::dealer);
  weaker.set(zmq::sockopt::linger, 0);
  weaker.set(zmq::sockopt::plain_username, "w1");
  weaker.set(zmq::sockopt::plain_password, "w1");
  weaker.connect(router_->address());
  weaker.send(zmq::str_buffer("PLAIN"), zmq::send_flags::dontwait);
  EXPECT_TRUE(router_->receive(kWhile)->empty());
}

// Versions 1 and 2 of the protocol know no mechanism at all.
void speak_raw(const std::string& address, const std::string& bytes) {
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_port =
      htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&place), sizeof place), 0);
  ASSERT_EQ(::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size()));
  std::array<char, 256> ignored{};
  const timeval patience{.tv_sec = 0, .tv_usec = 200'000};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  while (::recv(fd.get(), ignored.data(), ignored.size(), 0) > 0) {
  }
}

std::string of_version_1() {  // length with flags, flags, body: the routing id, then a message
  return std::string("\x01\x00", 2) + std::string("\x06\x00hello", 7);
}
std::string of_version_2() {  // signature, version 1 (2.0), DEALER, then the same
  return std::string("\xFF\0\0\0\0\0\0\0\x01\x7F\x01\x05", 12) + std::string("\0\0", 2) +
         std::string("\0\x05hello", 7);
}

TEST_F(GuardedRouterTest, DoesNotStepDownToAnOlderProtocol) {
  auto open = Router::bind("tcp://127.0.0.1:0", quick());
  ASSERT_TRUE(open);
  for (const std::string& bytes : {of_version_1(), of_version_2()}) {
    ASSERT_NO_FATAL_FAILURE(speak_raw(open->address(), bytes));
    EXPECT_EQ(one_letter(*open).bytes, "hello");  // they are right: an open router takes them
    ASSERT_NO_FATAL_FAILURE(speak_raw(router_->address(), bytes));
    EXPECT_TRUE(router_->receive(kMoment)->empty());
  }
}

TEST_F(GuardedRouterTest, AClientWithKeysDoesNotSpeakToARouterWithoutThem) {
  auto open = Router::bind("tcp://127.0.0.1:0", quick());
  ASSERT_TRUE(open);
  auto careful = Dealer::connect(open->address(), quick(),
                                 Credentials{.own = w1_, .server = server_.public_key()});
  ASSERT_TRUE(careful);
  EXPECT_FALSE(gets_through(*careful, *open));
}

TEST_F(GuardedRouterTest, DropsTheMessagesOfAKeyThatIsRevokedWhileItIsConnected) {
  Dealer worker = dealer(w1_);
  Dealer steering = dealer(boss_);
  send(worker, "before");
  const Letter before = one_letter(*router_);
  revoke("w1");
  EXPECT_EQ(*router_->send(before.peer, "late answer"), Sent::gone);
  send(worker, "after");  // the connection lives
  EXPECT_TRUE(router_->receive(kMoment)->empty());
  EXPECT_EQ(router_->refusals().messages, 1U);
  EXPECT_EQ(router_->refusals().connections, 0U);
  EXPECT_FALSE(worker.receive(kMoment)->has_value());
  send(steering, "others are heard");
  EXPECT_EQ(one_letter(*router_).bytes, "others are heard");
}

TEST_F(GuardedRouterTest, DoesNotLetARevokedKeyConnectAgain) {
  revoke("w1");
  Dealer worker = dealer(w1_);
  EXPECT_FALSE(gets_through(worker, *router_));
}

TEST_F(GuardedRouterTest, LetsAKeyInThatWasAllowedMeanwhile) {
  const SecretKey late = fresh();
  Dealer worker = dealer(late);
  EXPECT_FALSE(gets_through(worker, *router_));
  allow("late", Role::worker, late);
  gate_->replace(allowed_);
  send(worker, "now");  // it tried again by itself
  EXPECT_EQ(one_letter(*router_).sender->name, "late");
}

TEST_F(GuardedRouterTest, TheGateMayBeReplacedFromAnyThread) {
  Dealer worker = dealer(w1_);
  std::atomic<bool> stopping = false;
  std::thread other([&] {
    while (!stopping) gate_->replace(allowed_);
  });
  for (int i = 0; i < 200; ++i) {
    send(worker, std::to_string(i));
    EXPECT_EQ(one_letter(*router_).bytes, std::to_string(i));
  }
  stopping = true;
  other.join();
}

// The same bytes are worth what the key is worth that sends them: a session must be bound to the
// key that opened it, by whoever opens sessions.
TEST_F(GuardedRouterTest, AMessageThatAnotherKeySendsAgainIsALetterOfThatOtherKey) {
  Dealer steering = dealer(boss_);
  Dealer worker = dealer(w1_);
  send(steering, "hello of boss");
  const Letter first = one_letter(*router_);
  send(worker, first.bytes);
  const Letter again = one_letter(*router_);
  EXPECT_EQ(again.bytes, first.bytes);
  EXPECT_EQ(first.sender->name, "boss");
  EXPECT_EQ(again.sender->name, "w1");
  EXPECT_NE(again.peer, first.peer);
}

// A dealer with an allowed key that chooses its routing id.
zmq::socket_t choosing(zmq::context_t& context, const std::string& id, const SecretKey& key,
                       const keys::PublicKey& server, const std::string& address) {
  zmq::socket_t socket(context, zmq::socket_type::dealer);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::routing_id, id);
  socket.set(zmq::sockopt::curve_serverkey, server.text());
  socket.set(zmq::sockopt::curve_publickey, key.public_key().text());
  socket.set(zmq::sockopt::curve_secretkey, std::string(key.reveal()));
  socket.connect(address);
  return socket;
}

TEST_F(GuardedRouterTest, DoesNotListenToAPeerThatChoosesItsRoutingId) {
  zmq::context_t context;
  zmq::socket_t peer = choosing(context, "w2", w1_, server_.public_key(), router_->address());
  peer.send(zmq::str_buffer("I am w2"), zmq::send_flags::none);
  EXPECT_TRUE(router_->receive(kWhile)->empty());
  EXPECT_EQ(router_->refusals().messages, 1U);
}

TEST_F(GuardedRouterTest, ATakenRoutingIdGetsNothingOfItsOwner) {
  Dealer steering = dealer(boss_);
  send(steering, "ask");
  const Letter ask = one_letter(*router_);
  zmq::context_t context;  // as if it had guessed the number
  zmq::socket_t thief =
      choosing(context, ask.peer.substr(0, 5), w1_, server_.public_key(), router_->address());
  thief.send(zmq::str_buffer("mine now"), zmq::send_flags::none);
  EXPECT_TRUE(router_->receive(kWhile)->empty());
  EXPECT_EQ(*router_->send(ask.peer, "answer"), Sent::queued);
  EXPECT_EQ(*steering.receive(kLong), "answer");
  zmq::message_t stolen;
  EXPECT_FALSE(thief.recv(stolen, zmq::recv_flags::dontwait));
}

TEST_F(GuardedRouterTest, RefusesToBeginWithoutAGate) {
  const auto router = Router::bind("tcp://127.0.0.1:0", quick(), Guard{server_, nullptr});
  ASSERT_FALSE(router);
  EXPECT_EQ(router.error().code, ErrorCode::invalid_input);
}

TEST_F(GuardedRouterTest, PlainTcpIsForTheLoopbackUnlessAskedForByName) {
  for (const char* address : {"tcp://*:0", "tcp://0.0.0.0:0", "tcp://[::]:0"}) {
    const auto refused = Router::bind(address, quick());
    ASSERT_FALSE(refused) << address;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_input);
    EXPECT_NE(refused.error().message.find("--insecure"), std::string::npos);
  }
  for (const char* address : {"tcp://host:4000", "tcp://192.0.2.1:4000", "tcp://127.0.0.1.evil:1",
                              "tcp://localhost.evil:1"}) {
    EXPECT_FALSE(Dealer::connect(address, quick())) << address;
  }
  SocketOptions insecure = quick();
  insecure.insecure = true;
  EXPECT_TRUE(Router::bind("tcp://0.0.0.0:0", insecure));
  EXPECT_TRUE(Dealer::connect("tcp://192.0.2.1:4000", insecure));
  EXPECT_TRUE(Router::bind("tcp://0.0.0.0:0", quick(), guard()));
  EXPECT_TRUE(Dealer::connect("tcp://192.0.2.1:4000", quick(),
                              Credentials{.own = w1_, .server = server_.public_key()}));
}

}  // namespace
}  // namespace swarmlab::net
