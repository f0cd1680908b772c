#include "common/net/client.h"

#include <condition_variable>
#include <mutex>
#include <vector>

#include "tests/common/net/net_test.h"

namespace swarmlab::net {
namespace {

class ClientTest : public NetTest {
 protected:
  static Router bound(const std::string& address) {
    auto router = Router::bind(address, quick());
    EXPECT_TRUE(router) << router.error().message;
    return *std::move(router);
  }
  static Client connected(const std::string& address) {
    auto client = Client::connect(address, quick_client());
    EXPECT_TRUE(client) << client.error().message;
    return *std::move(client);
  }
};

TEST_F(ClientTest, GetsTheReplyOfItsRequest) {
  for (const std::string& address : {ipc(), std::string("tcp://127.0.0.1:*")}) {
    const Answering coordinator(bound(address), echo);
    Client client = connected(coordinator.address());
    for (int i = 0; i < 3; ++i) {
      const std::uint64_t id = client.next_id();
      EXPECT_EQ(*client.call(id, numbered(id, "hello"), kLong), numbered(id, "hello"));
    }
  }
}

TEST_F(ClientTest, GivesOutIdsFromOneOn) {
  Client client = connected(ipc());
  EXPECT_EQ(client.next_id(), 1U);
  EXPECT_EQ(client.next_id(), 2U);
}

TEST_F(ClientTest, FindsTheRequestOfAReplyByItsId) {
  Router router = bound(ipc());
  Client client = connected(ipc());
  auto first = client.request(1, numbered(1, "first"), kLong);
  auto second = client.request(2, numbered(2, "second"), kLong);
  std::vector<Letter> letters;
  while (letters.size() < 2) {
    auto more = router.receive(kLong);
    ASSERT_TRUE(more && !more->empty());
    letters.insert(letters.end(), more->begin(), more->end());
  }
  ASSERT_TRUE(router.send(letters[1].peer, numbered(2, "reply")));
  EXPECT_EQ(*second.get(), "2 reply");
  ASSERT_TRUE(router.send(letters[0].peer, numbered(1, "reply")));
  EXPECT_EQ(*first.get(), "1 reply");
}

TEST_F(ClientTest, EndsARequestWithoutReplyInTime) {
  const Answering coordinator(bound(ipc()), [](const std::string&) { return std::nullopt; });
  Client client = connected(ipc());
  const auto reply = client.call(1, numbered(1, "hello"), Milliseconds(20));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::unavailable);
}

TEST_F(ClientTest, EndsARequestThatNobodyIsThereToHear) {
  Client client = connected(ipc());
  EXPECT_EQ(client.call(1, numbered(1, "hello"), Milliseconds(20)).error().code,
            ErrorCode::unavailable);
  EXPECT_EQ(client.call(2, numbered(2, "hello"), Milliseconds(0)).error().code,
            ErrorCode::unavailable);
}

TEST_F(ClientTest, EndsRequestsInTheOrderOfTheirTimeouts) {
  Client client = connected(ipc());
  auto late = client.request(1, numbered(1, "late"), kLong);
  auto soon = client.request(2, numbered(2, "soon"), Milliseconds(20));
  EXPECT_FALSE(soon.get());
  EXPECT_EQ(late.wait_for(Milliseconds(0)), std::future_status::timeout);
}

TEST_F(ClientTest, WaitsForAPeerThatStartsLater) {
  Client client = connected(ipc());
  auto reply = client.request(1, numbered(1, "early"), kLong);
  EXPECT_EQ(reply.wait_for(kMoment), std::future_status::timeout);
  const Answering coordinator(bound(ipc()), echo);
  EXPECT_EQ(*reply.get(), "1 early");
}

TEST_F(ClientTest, FindsAPeerAgainThatRestarts) {
  std::string address = ipc();
  for (const char* begin : {"ipc", "tcp://127.0.0.1:0"}) {
    if (begin != std::string("ipc")) address = begin;
    auto coordinator = std::make_unique<Answering>(bound(address), echo);
    address = coordinator->address();
    Client client = connected(address);
    for (int restart = 0; restart < 3; ++restart) {
      // A request that was on its way when the peer went is lost: it is sent again.
      Result<std::string> reply = fail(ErrorCode::unavailable, "not sent yet");
      for (int i = 0; i < 100 && !reply; ++i) {
        const std::uint64_t id = client.next_id();
        reply = client.call(id, numbered(id, "hello"), Milliseconds(500));
      }
      EXPECT_TRUE(reply) << reply.error().message;
      coordinator.reset();
      coordinator = std::make_unique<Answering>(bound(address), echo);
    }
  }
}

TEST_F(ClientTest, DoesNotSendWhatWasGivenUpDuringAnOutage) {
  Client client = connected(ipc());
  for (std::uint64_t id = 1; id <= 50; ++id) {
    EXPECT_FALSE(client.call(id, numbered(id, "given up"), Milliseconds(1)));
  }
  auto reply = client.request(51, numbered(51, "current"), kLong);
  const Answering coordinator(bound(ipc()), echo);
  EXPECT_EQ(*reply.get(), "51 current");
  EXPECT_EQ(coordinator.received(), 1);
}

TEST_F(ClientTest, DropsLateAndDoubleReplies) {
  Router router = bound(ipc());
  Client client = connected(ipc());
  EXPECT_FALSE(client.call(1, numbered(1, "slow"), Milliseconds(200)));
  auto second = client.request(2, numbered(2, "next"), kLong);
  std::vector<Letter> letters;
  while (letters.empty() || letters.back().bytes != "2 next") {
    auto more = router.receive(kLong);
    ASSERT_TRUE(more && !more->empty());
    letters.insert(letters.end(), more->begin(), more->end());
  }
  const PeerId& peer = letters.back().peer;
  for (const char* reply : {"1 late", "2 reply", "2 again"}) ASSERT_TRUE(router.send(peer, reply));
  EXPECT_EQ(*second.get(), "2 reply");
  auto third = client.request(3, numbered(3, "more"), kLong);
  ASSERT_TRUE(router.receive(kLong));
  ASSERT_TRUE(router.send(peer, "3 reply"));
  EXPECT_EQ(*third.get(), "3 reply");
}

TEST_F(ClientTest, RefusesBadRequestsAtOnce) {
  ClientOptions options = quick_client();
  options.socket.max_message_bytes = 100;
  auto client = Client::connect(ipc(), options);
  ASSERT_TRUE(client);
  EXPECT_EQ(client->call(0, "no id", kLong).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(client->call(1, std::string(101, 'x'), kLong).error().code, ErrorCode::invalid_input);
  auto waits = client->request(2, "2 hello", kLong);
  EXPECT_EQ(client->call(2, "2 again", kLong).error().code, ErrorCode::conflict);
  options.id_of = {};
  EXPECT_FALSE(Client::connect(ipc(), options));
}

TEST_F(ClientTest, RefusesMoreThanItCanQueue) {
  ClientOptions options = quick_client();
  options.socket.queued_messages = 3;
  auto client = Client::connect(ipc(), options);
  ASSERT_TRUE(client);
  std::vector<std::future<Result<std::string>>> waiting;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    waiting.push_back(client->request(id, numbered(id, "hello"), kLong));
  }
  EXPECT_EQ(client->call(4, "4 one more", kLong).error().code, ErrorCode::unavailable);
}

TEST_F(ClientTest, HandsOnWhatNobodyAskedFor) {
  std::mutex mutex;
  std::condition_variable arrived;
  std::vector<std::string> unsolicited;
  ClientOptions options = quick_client();
  options.on_unsolicited = [&](std::string bytes) {
    const std::lock_guard lock(mutex);
    unsolicited.push_back(std::move(bytes));
    arrived.notify_one();
  };
  const Answering coordinator(bound(ipc()), [](const std::string&) { return "garbage"; });
  auto client = Client::connect(ipc(), options);
  ASSERT_TRUE(client);
  client->post("hello");
  client->post("hello again");
  std::unique_lock lock(mutex);
  ASSERT_TRUE(arrived.wait_for(lock, kLong, [&] { return unsolicited.size() == 2; }));
  EXPECT_EQ(unsolicited, (std::vector<std::string>{"garbage", "garbage"}));
}

TEST_F(ClientTest, EndsAllRequestsWhenItIsClosed) {
  Client client = connected(ipc());
  auto waits = client.request(1, numbered(1, "hello"), kLong);
  std::thread other([&] { client.close(); });
  EXPECT_EQ(waits.get().error().code, ErrorCode::unavailable);
  other.join();
  client.close();
  EXPECT_EQ(client.call(2, numbered(2, "hello"), kLong).error().code, ErrorCode::unavailable);
  client.post("dropped");
}

TEST_F(ClientTest, EndsAllRequestsWhenItIsDestroyed) {
  std::future<Result<std::string>> waits;
  {
    Client client = connected(ipc());
    waits = client.request(1, numbered(1, "hello"), kLong);
  }
  EXPECT_EQ(waits.get().error().code, ErrorCode::unavailable);
}

TEST_F(ClientTest, ServesManyThreads) {
  const Answering coordinator(bound(ipc()), echo);
  Client client = connected(ipc());
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&client, i] {
      for (int j = 0; j < 200; ++j) {
        const std::uint64_t id = client.next_id();
        const std::string bytes = numbered(id, std::to_string(i * 1000 + j));
        const auto reply = client.call(id, bytes, kLong);
        ASSERT_TRUE(reply) << reply.error().message;
        EXPECT_EQ(*reply, bytes);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(coordinator.received(), 1600);
}

TEST_F(ClientTest, IsOneOfManyOfARouter) {
  const Answering coordinator(bound("tcp://127.0.0.1:*"), echo);
  std::vector<Client> clients;
  std::vector<std::future<Result<std::string>>> replies;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(connected(coordinator.address()));
    for (std::uint64_t id = 1; id <= 20; ++id) {
      replies.push_back(clients.back().request(id, numbered(id, std::to_string(i)), kLong));
    }
  }
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const auto reply = replies[i].get();
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(*reply, numbered(i % 20 + 1, std::to_string(i / 20)));
  }
}

}  // namespace
}  // namespace swarmlab::net
