// The coordinator as peers meet it: over a socket.
#include "coordinator/server/server.h"

#include <gtest/gtest.h>

#include <thread>

#include "common/net/client.h"
#include "common/wire/message.h"
#include "common/wire/message_codec.h"
#include "tests/coordinator/server/coordinator_under_test.h"

namespace swarmlab::server {
namespace {

constexpr Milliseconds kLong{30'000};

class ServerTest : public testing::Test {
 protected:
  [[nodiscard]] ServerOptions options(const std::string& state = "state",
                                      const std::string& socket = "s") const {
    ServerOptions chosen;
    chosen.folder = (folder.path() / state).string();
    chosen.address = "ipc://" + (folder.path() / "sockets" / socket).string();
    chosen.version = "1.0";
    chosen.reserve_bytes = 1U << 20U;
    return chosen;
  }
  std::unique_ptr<Server> started(const ServerOptions& chosen) {
    return must(Server::start(chosen, clock));
  }
  swarm::OpenLab opening() const {
    swarm::Segment segment = swarm::measured_by(7);
    segment.lab_commit = lab.base();
    return {.settings = lab_named("lab"), .segment = segment, .who = "ann"};
  }
  static net::Client client_of(const Server& server) {
    net::ClientOptions options;
    options.id_of = wire::request_id_of;
    return must(net::Client::connect(server.address(), std::move(options)));
  }
  static Result<wire::Incoming> call(net::Client& client,
                                     const std::function<void(schema::Query::Builder)>& fill) {
    const auto id = client.next_id();
    wire::Outgoing request(id);
    fill(request.body().initQuery());
    SWARMLAB_TRY(bytes, client.call(id, request.bytes(), kLong));
    return wire::Incoming::parse(wire::bytes_of(bytes));
  }

  // Serves on a thread while it lives.
  class Serving {
   public:
    explicit Serving(Server& server) : server_(server), thread_([this] { end_ = server_.run(); }) {}
    Serving(const Serving&) = delete;
    Serving& operator=(const Serving&) = delete;
    Serving(Serving&&) = delete;
    Serving& operator=(Serving&&) = delete;
    ~Serving() { (void)stop(); }
    Result<void> stop() {
      if (thread_.joinable()) {
        server_.request_stop();
        thread_.join();
      }
      return end_;
    }

   private:
    Server& server_;
    Result<void> end_;
    std::thread thread_;
  };

  store::Folder folder;
  store::GitLab lab{folder.path()};
  SystemClock clock;
};

TEST_F(ServerTest, AnswersPeersUntilItIsToldToStop) {
  const auto server = started(options());
  ASSERT_TRUE(server->open_lab(opening(), lab.path().string()));
  Serving serving(*server);
  net::Client client = client_of(*server);
  const auto reply = call(client, [](auto query) { query.setStatus(); });
  ASSERT_TRUE(reply) << reply.error().message;
  const auto status = reply->body().getStatus();
  EXPECT_STREQ(status.getCoordinator().getAddress().cStr(), server->address().c_str());
  ASSERT_EQ(status.getLabs().size(), 1U);
  EXPECT_TRUE(serving.stop());
}

TEST_F(ServerTest, AnswersWhoWaitsForEventsWhenOneHappensOrItsTimeIsOver) {
  const auto server = started(options());
  Serving serving(*server);
  net::Client client = client_of(*server);
  const auto wait = [&](std::uint32_t wait_ms) {
    return call(client, [=](auto query) { query.initEvents().setWaitMs(wait_ms); });
  };
  const auto empty = wait(30);
  ASSERT_TRUE(empty) << empty.error().message;
  EXPECT_EQ(empty->body().getEvents().getEvents().size(), 0U);

  std::thread joins([&] {
    net::Client other = client_of(*server);
    const auto id = other.next_id();
    wire::Outgoing request(id);
    auto hello = request.body().initHello();
    hello.setWorker("w");
    hello.setSlots(1);
    hello.setProtocolMin(1);
    hello.setProtocolMax(1);
    EXPECT_TRUE(other.call(id, request.bytes(), kLong));
  });
  const auto told = wait(30'000);
  joins.join();
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_EQ(told->body().getEvents().getEvents().size(), 1U);
}

TEST_F(ServerTest, LivesOnWhenPeersSendWhatIsNoMessage) {
  const auto server = started(options());
  Serving serving(*server);
  net::Client client = client_of(*server);
  client.post("no message at all");
  client.post(std::string(1000, '\xff'));
  EXPECT_TRUE(call(client, [](auto query) { query.setLabs(); }));
}

TEST_F(ServerTest, KeepsItsLabsForTheNextOne) {
  {
    const auto server = started(options());
    const auto opened = server->open_lab(opening(), lab.path().string());
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_FALSE(opened->resumed);
    EXPECT_EQ(server->lab_commit("lab"), lab.base());
    EXPECT_FALSE(server->lab_commit("other"));
  }
  const auto server = started(options());
  EXPECT_EQ(server->lab_commit("lab"), lab.base());
  const auto again = server->open_lab(opening(), lab.path().string());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->resumed);
}

TEST_F(ServerTest, CannotOpenALabOfACommitThatIsNowhere) {
  const auto server = started(options());
  swarm::OpenLab command = opening();
  command.segment.lab_commit = swarm::object(5);
  EXPECT_FALSE(server->open_lab(command, lab.path().string()));
}

TEST_F(ServerTest, IsAloneOnItsStore) {
  const auto server = started(options());
  const auto second = Server::start(options("state", "other"), clock);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
}

TEST_F(ServerTest, IsAloneOnItsAddress) {
  const auto server = started(options());
  const auto second = Server::start(options("other"), clock);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
}

TEST_F(ServerTest, IsGuardedByItsFolder) {
  const auto server = started(options());
  const auto mode = std::filesystem::status(folder.path() / "state").permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_all);
}

TEST_F(ServerTest, MayBeToldToStopBeforeItRuns) {
  const auto server = started(options());
  server->request_stop();
  EXPECT_TRUE(server->run());
}

}  // namespace
}  // namespace swarmlab::server
