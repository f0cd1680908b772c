// A coordinator that is told to stop while many workers hold leases and many wait for events.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "common/net/dealer.h"
#include "common/os/open_files.h"
#include "common/wire/message.h"
#include "common/wire/message_codec.h"
#include "coordinator/server/server.h"
#include "tests/coordinator/server/coordinator_under_test.h"

namespace swarmlab::server {
namespace {

constexpr Milliseconds kVeryLong{60'000};
constexpr Milliseconds kStops{5'000};

std::uint64_t number_in(const char* variable, std::uint64_t usual) {
  const char* text = std::getenv(variable);
  return text == nullptr ? usual : std::strtoull(text, nullptr, 10);
}

// A worker without an agent: it says what the test wants, one message at a time.
class Peer {
 public:
  Peer(const std::string& address, std::string name)
      : dealer_(must(net::Dealer::connect(address))), name_(std::move(name)) {}

  void ask(const std::function<void(schema::Envelope::Body::Builder)>& fill) {
    wire::Outgoing request(++last_, session_);
    fill(request.body());
    const Deadline patience = Deadline::after(kVeryLong);
    while (!patience.expired()) {
      if (must(dealer_.send(request.bytes())) == net::Sent::queued) return;
      (void)must(dealer_.receive(Milliseconds(1000), net::Until::message_or_room));
    }
    ADD_FAILURE() << name_ << ": no connection";
  }
  // To the last request, in so long: what is older was not waited for.
  std::optional<wire::Incoming> answer(Milliseconds patience = kVeryLong) {
    const Deadline deadline = Deadline::after(patience);
    while (!deadline.expired()) {
      auto bytes = must(dealer_.receive(*deadline.remaining()));
      if (!bytes) continue;
      auto reply = must(wire::Incoming::parse(wire::bytes_of(*bytes)));
      if (reply.envelope().getRequestId() == last_) return reply;
    }
    return std::nullopt;
  }

  // Gives the leases that it keeps. Says it again if the connection was just going away.
  std::size_t say_hello() {
    for (const Deadline patience = Deadline::after(kVeryLong); !patience.expired();) {
      if (const auto kept = try_hello()) return *kept;
    }
    throw std::runtime_error(name_ + ": not welcome");
  }
  std::optional<std::size_t> try_hello() {
    session_ = 0;
    ask([&](schema::Envelope::Body::Builder body) {
      auto hello = body.initHello();
      hello.setWorker(name_);
      hello.setSlots(1);
      hello.setProtocolMin(1);
      hello.setProtocolMax(1);
      hello.setAgain(true);
      if (task_ == 0) return;
      auto held = hello.initHeld(1);
      held[0].setTask(task_);
      held[0].setToken(token_);
    });
    const auto reply = answer(Milliseconds(1000));
    if (!reply || !reply->body().isWelcome()) return std::nullopt;
    session_ = reply->body().getWelcome().getSession();
    return reply->body().getWelcome().getKeep().size();
  }
  void take_lease() {
    ask([](schema::Envelope::Body::Builder body) { body.initWork().setAsk(true); });
    const auto reply = answer();
    if (!reply) throw std::runtime_error(name_ + ": no answer");
    const auto task = reply->body().getWorkReply().getTask();
    if (!task.isAssignment()) throw std::runtime_error(name_ + ": no assignment");
    task_ = task.getAssignment().getTask();
    token_ = task.getAssignment().getToken();
  }
  void wait_for_events() {
    ask([](schema::Envelope::Body::Builder body) {
      auto events = body.initQuery().initEvents();
      events.setAfter(1U << 30U);
      events.setWaitMs(30'000);
    });
  }

 private:
  net::Dealer dealer_;
  std::string name_;
  std::uint64_t last_ = 0;
  std::uint64_t session_ = 0;
  std::uint64_t task_ = 0;
  std::uint64_t token_ = 0;
};

// On a thread of its own, until it is told to stop or goes away.
class Serving {
 public:
  explicit Serving(Server& server)
      : server_(server), thread_([this] { EXPECT_TRUE(server_.run()); }) {}
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;
  Serving(Serving&&) = delete;
  Serving& operator=(Serving&&) = delete;
  ~Serving() {
    server_.request_stop_at_once();
    join();
  }
  void join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  Server& server_;
  std::thread thread_;
};

class StopTest : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<Server> started() {
    ServerOptions options;
    options.folder = (folder.path() / "state").string();
    options.address = "ipc://" + (folder.path() / "sockets" / "s").string();
    options.version = "1.0";
    options.reserve_bytes = 1U << 20U;
    return must(Server::start(options, clock));
  }
  // Labs with a baseline to be measured each: a task for everybody.
  void open_labs(Server& server, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      swarm::Segment segment = swarm::measured_by(7);
      segment.lab_commit = lab.base();
      const auto opened = server.open_lab(
          {.settings = lab_named(fmt::format("lab-{}", i)), .segment = segment, .who = "ann"},
          lab.path().string());
      ASSERT_TRUE(opened) << opened.error().message;
    }
  }

  store::Folder folder;
  store::GitLab lab{folder.path()};
  SystemClock clock;
};

// SWARMLAB_PEERS=1000 is the size that is asked for of a release.
TEST_F(StopTest, ItEndsSoonAndTheNextOneKnowsEveryLease) {
  ASSERT_TRUE(raise_open_files());
  const std::uint64_t count = number_in("SWARMLAB_PEERS", 60);
  std::vector<Peer> peers;
  auto server = started();
  open_labs(*server, count);
  {
    Serving serving(*server);
    for (std::uint64_t i = 0; i < count; ++i) {
      Peer& peer = peers.emplace_back(server->address(), fmt::format("w{}", i));
      peer.say_hello();
      peer.take_lease();
      peer.wait_for_events();
    }
    const auto told_at = std::chrono::steady_clock::now();
    server->request_stop();
    serving.join();
    const auto took = std::chrono::steady_clock::now() - told_at;
    const auto took_ms = std::chrono::duration_cast<Milliseconds>(took).count();
    std::cout << count << " workers: it stopped in " << took_ms << " ms\n";
    const auto patience = static_cast<std::int64_t>(number_in("SWARMLAB_TEST_PATIENCE", 1));
    EXPECT_LE(took_ms, kStops.count() * patience);
  }
  server.reset();

  server = started();
  const Serving again(*server);
  for (Peer& peer : peers) EXPECT_EQ(peer.say_hello(), 1U) << "it keeps its lease";
}

}  // namespace
}  // namespace swarmlab::server
