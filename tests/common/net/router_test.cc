#include "common/net/router.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <zmq.hpp>

#include "common/net/dealer.h"
#include "common/net/endpoint.h"
#include "tests/common/net/net_test.h"

namespace swarmlab::net {
namespace {

using RouterTest = NetTest;

void exchange(const std::string& address) {
  auto router = Router::bind(address, quick());
  ASSERT_TRUE(router) << router.error().message;
  auto dealer = Dealer::connect(router->address(), quick());
  ASSERT_TRUE(dealer) << dealer.error().message;
  send(*dealer, std::string("ping\0pong", 9));
  const Letter letter = one_letter(*router);
  EXPECT_EQ(letter.bytes, std::string("ping\0pong", 9));
  EXPECT_EQ(*router->send(letter.peer, "answer"), Sent::queued);
  EXPECT_EQ(*dealer->receive(kLong), "answer");
}

TEST_F(RouterTest, ExchangesMessagesOverIpc) {
  exchange(ipc());
}

TEST_F(RouterTest, ExchangesMessagesOverTcp) {
  exchange("tcp://127.0.0.1:0");
  exchange("tcp://localhost:*");
}

TEST_F(RouterTest, ExchangesMessagesOverAPathThatIsTooLongForASocket) {
  const std::string deep = folder() + "/" + std::string(150, 'd');
  const std::string address = "ipc://" + deep + "/coordinator.sock";
  exchange(address);
  const auto router = Router::bind(address, quick());
  ASSERT_TRUE(router);
  EXPECT_EQ(router->address(), address);
  EXPECT_TRUE(somebody_listens(address));
}

TEST_F(RouterTest, RefusesWhatIsNoAddress) {
  for (const char* address :
       {"", "ipc://", "ipc://*", "ipc://@name", "ipc://relative/path", "ipc:///folder/", "tcp://",
        "tcp://host", "tcp://:80", "tcp://host:", "tcp://host:65536", "tcp://host:-1",
        "tcp://host:80x", "tcp://a b:80", "tcp://::1:80", "udp://host:80", "inproc://x",
        "tcp://eth0;host:80"}) {
    const auto router = Router::bind(address);
    ASSERT_FALSE(router) << address;
    EXPECT_EQ(router.error().code, ErrorCode::invalid_input) << router.error().message;
    const auto dealer = Dealer::connect(address);
    ASSERT_FALSE(dealer) << address;
    EXPECT_EQ(dealer.error().code, ErrorCode::invalid_input) << dealer.error().message;
  }
  EXPECT_FALSE(Dealer::connect("tcp://127.0.0.1:0"));
  EXPECT_FALSE(Dealer::connect("tcp://127.0.0.1:*"));
}

TEST_F(RouterTest, RefusesAnAddressOfAnotherMachine) {
  const auto router = Router::bind("tcp://192.0.2.1:4000");  // of documentation: nobody has it
  ASSERT_FALSE(router);
  EXPECT_EQ(router.error().code, ErrorCode::invalid_input) << router.error().message;
}

TEST_F(RouterTest, GuardsItsSocketByTheModeOfFolderAndFile) {
  const auto router = Router::bind("ipc://" + folder() + "/new/s");
  ASSERT_TRUE(router) << router.error().message;
  struct stat about {};
  ASSERT_EQ(::stat((folder() + "/new").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0700U);
  ASSERT_EQ(::stat((folder() + "/new/s").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
}

TEST_F(RouterTest, RefusesAFolderThatOthersMayEnter) {
  ASSERT_EQ(::chmod(folder().c_str(), 0711), 0);
  const auto router = Router::bind(ipc());
  ASSERT_FALSE(router);
  EXPECT_EQ(router.error().code, ErrorCode::invalid_input);
}

TEST_F(RouterTest, RefusesAnAddressThatSomebodyListensAt) {
  for (const std::string& address : {ipc(), std::string("tcp://127.0.0.1:0")}) {
    auto first = Router::bind(address, quick());
    ASSERT_TRUE(first);
    const auto second = Router::bind(first->address(), quick());
    ASSERT_FALSE(second) << address;
    EXPECT_EQ(second.error().code, ErrorCode::conflict) << second.error().message;
    auto dealer = Dealer::connect(first->address(), quick());
    ASSERT_TRUE(dealer);
    send(*dealer, "still there");
    EXPECT_EQ(one_letter(*first).bytes, "still there");
  }
}

TEST_F(RouterTest, ReplacesTheSocketOfADeadProcess) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = folder() + "/s";
  ASSERT_LT(path.size(), sizeof address.sun_path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(dead.get(), 1), 0);
  EXPECT_TRUE(somebody_listens(ipc()));
  dead.reset();
  EXPECT_FALSE(somebody_listens(ipc()));
  exchange(ipc());
}

TEST_F(RouterTest, LeavesAFileThatIsNoSocket) {
  ASSERT_TRUE(write_file(folder() + "/s", "precious"));
  const auto router = Router::bind(ipc());
  ASSERT_FALSE(router);
  EXPECT_EQ(router.error().code, ErrorCode::invalid_input);
  EXPECT_EQ(*read_file(folder() + "/s", 100), "precious");
}

TEST_F(RouterTest, TakesItsSocketAwayWhenItEnds) {
  { ASSERT_TRUE(Router::bind(ipc())); }
  EXPECT_NE(::access((folder() + "/s").c_str(), F_OK), 0);
}

TEST_F(RouterTest, GivesNothingWhenTimeIsOver) {
  auto router = Router::bind(ipc());
  ASSERT_TRUE(router);
  EXPECT_TRUE(router->receive(Milliseconds(0))->empty());
  EXPECT_TRUE(router->receive(Milliseconds(5))->empty());
}

TEST_F(RouterTest, IsWokenByAnotherThread) {
  auto router = Router::bind(ipc());
  ASSERT_TRUE(router);
  std::thread other([waker = router->waker()] { waker.wake(); });
  const auto letters = router->receive(Milliseconds(-1));
  other.join();
  ASSERT_TRUE(letters);
  EXPECT_TRUE(letters->empty());
  EXPECT_FALSE(router->waker().clear());  // one wake-up wakes once
}

TEST_F(RouterTest, IsWokenByAWakeUpThatCameBeforeItWaited) {
  auto router = Router::bind(ipc());
  ASSERT_TRUE(router);
  router->waker().wake();
  router->waker().wake();
  EXPECT_TRUE(router->receive(Milliseconds(-1))->empty());
  EXPECT_TRUE(router->receive(Milliseconds(1))->empty());
}

TEST_F(RouterTest, TakesABurstUpToItsLimitInOrder) {
  auto router = Router::bind(ipc(), quick());
  auto dealer = Dealer::connect(ipc(), quick());
  ASSERT_TRUE(router && dealer);
  for (int i = 0; i < 100; ++i) send(*dealer, std::to_string(i));
  int next = 0;
  while (next < 100) {
    const auto letters = router->receive(kLong, {.messages = 7, .time = std::chrono::seconds(1)});
    ASSERT_TRUE(letters && !letters->empty());
    EXPECT_LE(letters->size(), 7U);
    for (const Letter& letter : *letters) EXPECT_EQ(letter.bytes, std::to_string(next++));
  }
}

TEST_F(RouterTest, DropsAndCountsMessagesOfSeveralParts) {
  auto router = Router::bind(ipc(), quick());
  ASSERT_TRUE(router);
  zmq::context_t context;
  zmq::socket_t peer(context, zmq::socket_type::dealer);
  peer.set(zmq::sockopt::linger, 0);
  peer.connect(ipc());
  for (const int parts : {2, 3, 500}) {
    for (int i = 1; i <= parts; ++i) {
      peer.send(zmq::str_buffer("part"),
                i < parts ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }
  }
  peer.send(zmq::str_buffer("whole"), zmq::send_flags::none);
  EXPECT_EQ(one_letter(*router).bytes, "whole");
  EXPECT_EQ(router->malformed(), 3U);
}

TEST_F(RouterTest, HandsOnAnEmptyMessage) {
  auto router = Router::bind(ipc(), quick());
  auto dealer = Dealer::connect(ipc(), quick());
  ASSERT_TRUE(router && dealer);
  send(*dealer, "");
  EXPECT_EQ(one_letter(*router).bytes, "");
}

TEST_F(RouterTest, TellsThatAPeerIsGone) {
  auto router = Router::bind(ipc(), quick());
  ASSERT_TRUE(router);
  EXPECT_EQ(*router->send("nobody", "hello"), Sent::gone);
  EXPECT_EQ(*router->send("", "hello"), Sent::gone);
  PeerId peer;
  {
    auto dealer = Dealer::connect(ipc(), quick());
    ASSERT_TRUE(dealer);
    send(*dealer, "hello");
    peer = one_letter(*router).peer;
    EXPECT_EQ(*router->send(peer, "hello"), Sent::queued);
  }
  const Deadline deadline = Deadline::after(kLong);
  while (*router->send(peer, "still there?") != Sent::gone && !deadline.expired()) {
    ASSERT_TRUE(router->receive(Milliseconds(1)));
  }
  EXPECT_EQ(*router->send(peer, "hello"), Sent::gone);
}

TEST_F(RouterTest, TellsThatAPeerDoesNotKeepUp) {
  SocketOptions few = quick();
  few.queued_messages = 4;
  auto router = Router::bind(ipc(), few);
  auto stuck = Dealer::connect(ipc(), few);
  auto other = Dealer::connect(ipc(), few);
  ASSERT_TRUE(router && stuck && other);
  send(*stuck, "I will never read");
  const PeerId peer = one_letter(*router).peer;
  const std::string bytes(256 << 10, 'x');
  int queued = 0;
  Sent last = Sent::queued;
  while (last == Sent::queued) {
    last = *router->send(peer, bytes);
    ASSERT_LT(++queued, 1000);
  }
  EXPECT_EQ(last, Sent::full);
  send(*other, "hello");
  EXPECT_EQ(*router->send(one_letter(*router).peer, "unhindered"), Sent::queued);
  EXPECT_EQ(*other->receive(kLong), "unhindered");
}

TEST_F(RouterTest, KeepsABoundedNumberOfBytesForAPeerThatDoesNotRead) {
  SocketOptions tight = quick();
  tight.outbound = {.peer_bytes = 1U << 20U, .total_bytes = 64U << 20U, .crowded_peer_bytes = 0};
  tight.queued_messages = 100'000;
  auto router = Router::bind(ipc(), tight);
  auto stuck = Dealer::connect(ipc(), quick());
  ASSERT_TRUE(router && stuck);
  send(*stuck, "I will never read");
  const PeerId peer = one_letter(*router).peer;
  const std::string bytes(64 << 10, 'x');
  int queued = 0;
  while (*router->send(peer, bytes) == Sent::queued) ASSERT_LT(++queued, 10'000);
}

TEST_F(RouterTest, LetsAPeerThatReadsHaveItsShareWhileOthersDoNot) {
  SocketOptions tight = quick();
  tight.outbound = {
      .peer_bytes = 4U << 20U, .total_bytes = 4U << 20U, .crowded_peer_bytes = 128U << 10U};
  auto router = Router::bind(ipc(), tight);
  auto stuck = Dealer::connect(ipc(), quick());
  auto other = Dealer::connect(ipc(), quick());
  ASSERT_TRUE(router && stuck && other);
  send(*stuck, "I will never read");
  const PeerId peer = one_letter(*router).peer;
  const std::string bytes(64 << 10, 'x');
  while (*router->send(peer, bytes) == Sent::queued) {
  }
  send(*other, "hello");
  const PeerId reader = one_letter(*router).peer;
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(*router->send(reader, bytes), Sent::queued);
    EXPECT_EQ(*other->receive(kLong), bytes);
  }
}

TEST_F(RouterTest, RefusesToSendMoreThanItsLimit) {
  SocketOptions small = quick();
  small.max_message_bytes = 1000;
  auto router = Router::bind(ipc(), small);
  auto dealer = Dealer::connect(ipc(), small);
  ASSERT_TRUE(router && dealer);
  EXPECT_EQ(dealer->send(std::string(1001, 'x')).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(router->send("nobody", std::string(1001, 'x')).error().code, ErrorCode::invalid_input);
  send(*dealer, std::string(1000, 'x'));
  EXPECT_EQ(one_letter(*router).bytes.size(), 1000U);
}

TEST_F(RouterTest, CutsAPeerThatSendsMoreThanItsLimit) {
  SocketOptions small = quick();
  small.max_message_bytes = 1000;
  auto router = Router::bind(ipc(), small);
  auto dealer = Dealer::connect(ipc(), quick());
  ASSERT_TRUE(router && dealer);
  send(*dealer, "hello");
  const PeerId peer = one_letter(*router).peer;
  send(*dealer, std::string(1001, 'x'));
  const Deadline deadline = Deadline::after(kLong);
  while (*router->send(peer, "hi") != Sent::gone) {
    ASSERT_FALSE(deadline.expired());
    EXPECT_TRUE(router->receive(Milliseconds(1))->empty());
  }
  while (*dealer->receive(Milliseconds(0))) {
  }
  const auto from_new_connection = [&] {
    static_cast<void>(dealer->send("back"));
    const auto letters = router->receive(Milliseconds(10));
    return letters && !letters->empty() && letters->front().peer != peer;
  };
  while (!from_new_connection()) ASSERT_FALSE(deadline.expired());
}

TEST_F(RouterTest, CannotBeToldByAPeerToAnswerToAnother) {
  auto router = Router::bind(ipc(), quick());
  auto honest = Dealer::connect(ipc(), quick());
  ASSERT_TRUE(router && honest);
  send(*honest, "hello");
  const PeerId peer = one_letter(*router).peer;
  zmq::context_t context;
  zmq::socket_t thief(context, zmq::socket_type::dealer);
  thief.set(zmq::sockopt::linger, 0);
  thief.set(zmq::sockopt::routing_id, "thief");
  thief.connect(ipc());
  thief.send(zmq::str_buffer("I am another"), zmq::send_flags::none);
  EXPECT_EQ(one_letter(*router).peer, "thief");
  zmq::socket_t second(context, zmq::socket_type::dealer);
  second.set(zmq::sockopt::linger, 0);
  second.set(zmq::sockopt::routing_id, "thief");
  second.connect(ipc());
  second.send(zmq::str_buffer("I took its name"), zmq::send_flags::none);
  EXPECT_TRUE(router->receive(kMoment)->empty());
  EXPECT_EQ(*router->send("thief", "for the first"), Sent::queued);
  zmq::message_t message;
  ASSERT_TRUE(thief.recv(message));
  EXPECT_EQ(message.to_string(), "for the first");
  EXPECT_EQ(*router->send(peer, "for the honest"), Sent::queued);
  EXPECT_EQ(*honest->receive(kLong), "for the honest");
}

// Bytes that are no ZeroMQ, on the bare socket.
TEST_F(RouterTest, OutlivesGarbageOnItsSocket) {
  auto router = Router::bind(ipc(), quick());
  ASSERT_TRUE(router);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = folder() + "/s";
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const std::string greeting = std::string("\xff\0\0\0\0\0\0\0\1\x7f\3\1NULL", 16);
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(5000, '\xff'), std::string(64, '\0'),
        greeting, greeting + std::string(48, '\0') + std::string(300, '\x7e')}) {
    const UniqueFd raw(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(raw.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    static_cast<void>(::send(raw.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
    EXPECT_TRUE(router->receive(Milliseconds(10))->empty());
  }
  auto dealer = Dealer::connect(ipc(), quick());
  ASSERT_TRUE(dealer);
  send(*dealer, "hello");
  EXPECT_EQ(one_letter(*router).bytes, "hello");
}

TEST_F(RouterTest, ClosesSoonThoughAPeerNeverReads) {
  SocketOptions options = quick();
  const auto started = std::chrono::steady_clock::now();
  {
    auto stuck = Dealer::connect(ipc(), options);
    auto router = Router::bind(ipc(), options);
    ASSERT_TRUE(router && stuck);
    send(*stuck, "hello");
    const PeerId peer = one_letter(*router).peer;
    while (*router->send(peer, std::string(64 << 10, 'x')) == Sent::queued) {
    }
  }
  EXPECT_LT(std::chrono::steady_clock::now() - started, kLong);
}

}  // namespace
}  // namespace swarmlab::net
