// A coordinator with keys, as peers meet it over tcp.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "common/keys/key_folder.h"
#include "common/net/client.h"
#include "common/os/file.h"
#include "common/wire/message.h"
#include "common/wire/message_codec.h"
#include "coordinator/server/server.h"
#include "tests/coordinator/server/coordinator_under_test.h"

namespace swarmlab::server {
namespace {

constexpr Milliseconds kLong{20'000};
constexpr Milliseconds kShort{300};  // for what must not be answered

class GuardedServerTest : public testing::Test {
 protected:
  [[nodiscard]] ServerOptions options(const std::string& address = "tcp://127.0.0.1:0") const {
    ServerOptions chosen;
    chosen.folder = (folder.path() / "state").string();
    chosen.address = address;
    chosen.version = "1.0";
    chosen.reserve_bytes = 1U << 20U;
    chosen.door.keys = keys_folder();
    return chosen;
  }
  [[nodiscard]] std::string keys_folder() const { return (folder.path() / "keys").string(); }

  net::Client client_of(const Server& server, const std::string& name) {
    return client_of(server, net::Credentials{.own = must(keys::read_secret_key(secrets.at(name))),
                                              .server = must(ring.server_key()).public_key()});
  }
  static net::Client client_of(const Server& server,
                               const std::optional<net::Credentials>& credentials) {
    net::ClientOptions chosen;
    chosen.id_of = wire::request_id_of;
    chosen.credentials = credentials;
    return must(net::Client::connect(server.address(), std::move(chosen)));
  }
  void make(const std::string& name, keys::Role role) {
    secrets.insert_or_assign(name, must(ring.make(name, role)).file);
  }

  static Result<wire::Incoming> ask_status(net::Client& client, Milliseconds wait = kLong) {
    const auto id = client.next_id();
    wire::Outgoing request(id);
    request.body().initQuery().setStatus();
    SWARMLAB_TRY(bytes, client.call(id, request.bytes(), wait));
    return wire::Incoming::parse(wire::bytes_of(bytes));
  }

  class Serving {
   public:
    explicit Serving(Server& server) : server_(server), thread_([this] { end_ = server_.run(); }) {}
    Serving(const Serving&) = delete;
    Serving& operator=(const Serving&) = delete;
    Serving(Serving&&) = delete;
    Serving& operator=(Serving&&) = delete;
    ~Serving() {
      server_.request_stop();
      thread_.join();
    }

   private:
    Server& server_;
    Result<void> end_;
    std::thread thread_;
  };

  store::Folder folder;
  SystemClock clock;
  keys::KeyFolder ring{keys_folder()};
  std::map<std::string, std::string> secrets;
};

TEST_F(GuardedServerTest, ServesWhoHasAnAllowedKey) {
  make("vera", keys::Role::viewer);
  const auto server = must(Server::start(options(), clock));
  const Serving serving(*server);
  net::Client vera = client_of(*server, "vera");
  const auto reply = ask_status(vera);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_TRUE(reply->body().isStatus());
}

TEST_F(GuardedServerTest, AnswersNobodyElseAndCountsThem) {
  make("vera", keys::Role::viewer);
  const auto server = must(Server::start(options(), clock));
  const Serving serving(*server);
  net::Client stranger =
      client_of(*server, net::Credentials{.own = must(keys::make_secret_key()),
                                          .server = must(ring.server_key()).public_key()});
  EXPECT_FALSE(ask_status(stranger, kShort));
  net::Client plain = client_of(*server, std::nullopt);
  EXPECT_FALSE(ask_status(plain, kShort));
  net::Client vera = client_of(*server, "vera");
  std::map<std::string, double> refused;
  for (const Deadline end = Deadline::after(kLong); !end.expired() && refused.size() < 2;) {
    const auto reply = must(ask_status(vera));
    for (const auto entry : reply.body().getStatus().getRefused()) {
      refused[entry.getReason().cStr()] = entry.getCount();
    }
  }
  EXPECT_GE(refused["unknown_key"], 1);
  EXPECT_GE(refused["handshake"], 1);
}

TEST_F(GuardedServerTest, CutsAKeyThatIsRevokedWhileItIsConnected) {
  make("vera", keys::Role::viewer);
  make("otto", keys::Role::steerer);
  const auto server = must(Server::start(options(), clock));
  const Serving serving(*server);
  net::Client vera = client_of(*server, "vera");
  net::Client otto = client_of(*server, "otto");
  ASSERT_TRUE(ask_status(vera));
  must(ring.revoke("vera", clock.now()));
  const Deadline end = Deadline::after(kLong);
  while (ask_status(vera, kShort) && !end.expired()) continue;
  EXPECT_FALSE(end.expired()) << "it is answered still";
  EXPECT_TRUE(ask_status(otto)) << "others do not notice";
}

TEST_F(GuardedServerTest, LetsInAKeyThatIsMadeWhileItServes) {
  make("otto", keys::Role::steerer);
  const auto server = must(Server::start(options(), clock));
  const Serving serving(*server);
  make("vera", keys::Role::viewer);
  server->reload_keys();
  net::Client vera = client_of(*server, "vera");
  EXPECT_TRUE(ask_status(vera));
}

TEST_F(GuardedServerTest, TheCoordinatorsOwnKeyMayLookAndSteer) {
  make("vera", keys::Role::viewer);
  const auto server = must(Server::start(options(), clock));
  const Serving serving(*server);
  const keys::SecretKey own = must(ring.server_key());
  net::Client owner = client_of(*server, net::Credentials{.own = own, .server = own.public_key()});
  EXPECT_TRUE(ask_status(owner));
}

TEST_F(GuardedServerTest, GoesOnWithTheListThatItHasWhenTheFileIsBroken) {
  make("vera", keys::Role::viewer);
  const auto server = must(Server::start(options(), clock));
  const Serving serving(*server);
  net::Client vera = client_of(*server, "vera");
  ASSERT_TRUE(ask_status(vera));
  ASSERT_TRUE(write_file(ring.allowed_file(), "no such role\n"));
  server->reload_keys();
  EXPECT_TRUE(ask_status(vera));
}

TEST_F(GuardedServerTest, DoesNotBeginWithoutKeysThatWereAskedFor) {
  const auto server = Server::start(options(), clock);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, ErrorCode::not_found);
  EXPECT_NE(server.error().message.find("swarmlab keys new"), std::string::npos);
}

TEST_F(GuardedServerTest, DoesNotBeginWithASecretKeyThatOthersMayRead) {
  make("vera", keys::Role::viewer);
  ASSERT_EQ(::chmod(ring.secret_file("server").c_str(), 0640), 0);
  const auto server = Server::start(options(), clock);
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().message.find("0640"), std::string::npos) << server.error().message;
}

TEST_F(GuardedServerTest, DoesNotBeginForOtherMachinesWithoutKeysUnlessAskedByName) {
  ServerOptions open = options("tcp://0.0.0.0:0");
  open.door = {};
  const auto refused = Server::start(open, clock);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("keys new"), std::string::npos);
  EXPECT_NE(refused.error().message.find("--insecure"), std::string::npos);
  open.door.insecure = true;
  EXPECT_TRUE(Server::start(open, clock));
}

TEST_F(GuardedServerTest, KeysAndAUnixSocketDoNotGoTogether) {
  make("vera", keys::Role::viewer);
  const auto server =
      Server::start(options("ipc://" + (folder.path() / "sockets" / "s").string()), clock);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, ErrorCode::invalid_input);
}

}  // namespace
}  // namespace swarmlab::server
