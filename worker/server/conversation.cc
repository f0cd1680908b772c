#include "worker/server/conversation.h"

#include <algorithm>

#include "common/log/log.h"
#include "common/wire/message.h"

namespace swarmlab::worker {
namespace {

constexpr Milliseconds kAnswerTime{3000};
constexpr std::chrono::seconds kLeavingPatience{8};

}  // namespace

Conversation::Conversation(const LinkOptions& options, Holdings& holdings, net::Client client)
    : options_(options),
      holdings_(holdings),
      client_(std::move(client)),
      last_heard_(std::chrono::steady_clock::now()) {}

Result<std::unique_ptr<Conversation>> Conversation::open(const LinkOptions& options,
                                                         Holdings& holdings) {
  net::ClientOptions client_options;
  client_options.id_of = wire::request_id_of;
  SWARMLAB_TRY(client, net::Client::connect(options.address, std::move(client_options)));
  return std::unique_ptr<Conversation>(new Conversation(options, holdings, std::move(client)));
}

bool Conversation::gives_up() const {
  return leaving() && std::chrono::steady_clock::now() - last_heard_.load() > kLeavingPatience;
}

Result<std::uint64_t> Conversation::session() {
  const std::lock_guard lock(joining_);
  if (session_ != 0) return session_;
  return say_hello();
}

void Conversation::forget(std::uint64_t session) {
  const std::lock_guard lock(joining_);
  if (session_ == session) session_ = 0;
}

Result<std::uint64_t> Conversation::say_hello() {
  const std::uint64_t id = client_.next_id();
  wire::Outgoing request(id);
  auto hello = request.body().initHello();
  hello.setWorker(options_.name);
  hello.setHostClass(options_.host_class);
  hello.setSlots(options_.slots);
  hello.setProtocolMin(schema::OLDEST_PROTOCOL);
  hello.setProtocolMax(schema::PROTOCOL_VERSION);
  hello.setVersion(options_.version);
  hello.setAgain(said_hello_);
  const std::vector<LeaseKey> held = holdings_.all();
  auto list = hello.initHeld(static_cast<unsigned>(held.size()));
  for (unsigned i = 0; i < held.size(); ++i) {
    list[i].setTask(held[i].task.value());
    list[i].setToken(held[i].token.value());
  }
  SWARMLAB_TRY(bytes, client_.call(id, request.bytes(), kAnswerTime));
  SWARMLAB_TRY(reply, wire::Incoming::parse(wire::bytes_of(bytes)));
  last_heard_.store(std::chrono::steady_clock::now());
  if (reply.body().isError()) return tl::unexpected(wire::read(reply.body().getError()));
  if (!reply.body().isWelcome()) {
    return fail(ErrorCode::invalid_input, "the coordinator answered a hello with something else");
  }
  take_welcome(reply.body().getWelcome(), held);
  return session_;
}

void Conversation::take_welcome(schema::Welcome::Reader welcome,
                                const std::vector<LeaseKey>& held) {
  std::vector<LeaseKey> keep;
  for (const auto lease : welcome.getKeep()) {
    keep.push_back({TaskId(lease.getTask()), FencingToken(lease.getToken())});
  }
  for (const LeaseKey& key : held) {
    if (std::ranges::find(keep, key) == keep.end()) holdings_.cancel(key);
  }
  heartbeat_ms_.store(std::max(welcome.getHeartbeatMs(), std::uint32_t{100}));
  session_ = welcome.getSession();
  log::info("the coordinator at {} welcomes {}{}{}", options_.address, options_.name,
            log::field("held", held.size()), log::field("kept", keep.size()));
  said_hello_ = true;
}

Result<Conversation::Sent> Conversation::send(const Fill& fill) {
  SWARMLAB_TRY(current, session());
  const std::uint64_t id = client_.next_id();
  wire::Outgoing request(id, current);
  fill(request.body());
  return Sent{.session = current, .reply = client_.request(id, request.bytes(), kAnswerTime)};
}

Result<wire::Incoming> Conversation::receive(Sent sent) {
  SWARMLAB_TRY(bytes, sent.reply.get());
  SWARMLAB_TRY(reply, wire::Incoming::parse(wire::bytes_of(bytes)));
  last_heard_.store(std::chrono::steady_clock::now());
  if (reply.body().isSayHello()) {
    forget(sent.session);
    return fail(ErrorCode::unavailable, "the session is over");
  }
  if (reply.body().isError()) return tl::unexpected(wire::read(reply.body().getError()));
  return std::move(reply);
}

Result<wire::Incoming> Conversation::ask(const Fill& fill, const CancelToken& stop) {
  return persist(stop, [&]() -> Result<wire::Incoming> {
    SWARMLAB_TRY(sent, send(fill));
    return receive(std::move(sent));
  });
}

}  // namespace swarmlab::worker
