// Who opens the door of a socket with keys: what it answers, and that nobody gets in without it.
#include "common/net/doorman.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "common/net/socket.h"
#include "tests/common/net/guarded.h"

namespace swarmlab::net {
namespace {

using DoormanTest = GuardedRouterTest;

Socket guarded_socket(const Guard& guard) {
  auto socket = Socket::bind(*place_to_bind("tcp://127.0.0.1:0"), quick(), guard);
  EXPECT_TRUE(socket) << socket.error().message;
  return std::move(*socket);
}

TEST_F(DoormanTest, LetsNobodyInAfterItsDoormanHasEnded) {
  Socket socket = guarded_socket(guard());
  const Credentials known{.own = w1_, .server = server_.public_key()};
  auto early = Dealer::connect(socket.address(), quick(), known);
  ASSERT_TRUE(early);
  send(*early, "early");
  EXPECT_TRUE(socket.wait(Deadline::after(kLong), false)->readable);
  ASSERT_TRUE(*socket.take());

  socket.doorman()->stop();
  EXPECT_FALSE(socket.doorman()->alive());
  EXPECT_TRUE(socket.wait(Deadline::after(kLong), false)->woken);  // its owner is told
  auto late = Dealer::connect(socket.address(), quick(), known);
  ASSERT_TRUE(late);
  EXPECT_FALSE(socket.wait(Deadline::after(kWhile), false)->readable);
  EXPECT_EQ(*late->send("late"), Sent::full);  // there is no connection
}

TEST_F(DoormanTest, CannotBeStartedTwiceInOneContext) {
  zmq::context_t context;
  const Waker waker = *Waker::make();
  const auto first = Doorman::start(context, gate_, waker);
  ASSERT_TRUE(first);
  EXPECT_FALSE(Doorman::start(context, gate_, waker));
}

// What a doorman answers: status and user id.
std::pair<std::string, std::string> asked(zmq::context_t& context,
                                          const std::vector<std::string>& request) {
  zmq::socket_t socket(context, zmq::socket_type::req);
  socket.set(zmq::sockopt::linger, 0);
  socket.connect("inproc://zeromq.zap.01");
  for (std::size_t i = 0; i < request.size(); ++i) {
    socket.send(zmq::buffer(request[i]),
                i + 1 < request.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
  }
  std::vector<std::string> reply;
  do {
    zmq::message_t part;
    EXPECT_TRUE(socket.recv(part));
    reply.push_back(part.to_string());
  } while (socket.get(zmq::sockopt::rcvmore));
  EXPECT_EQ(reply.size(), 6U);
  EXPECT_EQ(reply[0], "1.0");
  EXPECT_EQ(reply[1], request.size() > 1 ? request[1] : "");
  return {reply[2], reply[4]};
}

TEST_F(DoormanTest, RefusesWhateverIsNotExactlyAnAllowedKey) {
  zmq::context_t context;
  const auto doorman = Doorman::start(context, gate_, *Waker::make());
  ASSERT_TRUE(doorman);
  std::string key(keys::kKeyBytes, '\0');
  zmq_z85_decode(reinterpret_cast<std::uint8_t*>(key.data()), w1_.public_key().text().c_str());
  const std::vector<std::string> right{"1.0", "7", "swarmlab", "127.0.0.1", "", "CURVE", key};
  EXPECT_EQ(asked(context, right), std::pair(std::string("200"), w1_.public_key().text()));

  using Wrong = std::pair<std::size_t, std::string>;
  for (const auto& [frame, text] :
       {Wrong{0, "1.1"}, Wrong{0, ""}, Wrong{2, ""}, Wrong{2, "other"}, Wrong{5, "NULL"},
        Wrong{5, "PLAIN"}, Wrong{5, "curve"}, Wrong{6, ""}, Wrong{6, key.substr(1)},
        Wrong{6, key + "x"}, Wrong{6, w1_.public_key().text()}, Wrong{6, std::string(32, '\0')}}) {
    std::vector<std::string> wrong = right;
    wrong.at(frame) = text;
    EXPECT_EQ(asked(context, wrong), std::pair(std::string("300"), std::string()))
        << frame << ": " << text;
  }
  for (std::size_t size = 1; size < right.size(); ++size) {
    EXPECT_EQ(asked(context, {right.begin(), right.begin() + static_cast<long>(size)}).first,
              "300");
  }
  std::vector<std::string> more = right;
  more.emplace_back("more");
  EXPECT_EQ(asked(context, more).first, "300");
}

}  // namespace
}  // namespace swarmlab::net
