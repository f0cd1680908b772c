#include "worker/server/conversation.h"

#include <algorithm>

#include "common/log/log.h"
#include "common/wire/field_codec.h"
#include "common/wire/resources_codec.h"

namespace swarmlab::worker {
namespace {

constexpr std::chrono::seconds kLeavingPatience{8};

}  // namespace

Conversation::Conversation(const LinkOptions& options, std::unique_ptr<net::Channel> channel,
                           SteadyClock& clock, Holdings& holdings)
    : options_(options),
      channel_(std::move(channel)),
      clock_(clock),
      holdings_(holdings),
      last_heard_(clock.now()) {}

bool Conversation::gives_up() const {
  return leaving() && clock_.now() - last_heard_.load() > kLeavingPatience;
}

Result<Conversation::Joined> Conversation::joined() {
  std::unique_lock lock(mutex_);
  if (session_ == 0) {
    if (joining_) return fail(ErrorCode::unavailable, "a hello is not answered yet");
    joining_ = true;
    lock.unlock();
    const Result<void> welcomed = say_hello();
    lock.lock();
    joining_ = false;
    if (!welcomed && welcomed.error().message != told_) {
      told_ = welcomed.error().message;
      log::warning("no welcome from the coordinator at {}: {}", options_.address, told_);
    }
    SWARMLAB_CHECK(welcomed);
    told_.clear();
  }
  return Joined{.session = session_, .protocol = coordinator_.protocol};
}

wire::Peer Conversation::coordinator() {
  const std::lock_guard lock(mutex_);
  return coordinator_;
}

void Conversation::forget(std::uint64_t session) {
  const std::lock_guard lock(mutex_);
  if (session_ == session) session_ = 0;
}

void Conversation::write_hello(schema::Hello::Builder hello,
                               const std::vector<LeaseKey>& held) const {
  hello.setWorker(options_.name);
  hello.setHostClass(options_.host_class);
  hello.setSlots(options_.slots);
  wire::write(hello.initCapacity(), options_.capacity);
  hello.setProtocolMin(options_.protocols.oldest);
  hello.setProtocolMax(options_.protocols.newest);
  hello.setVersion(options_.version);
  hello.setAgain(said_hello_);
  const wire::Capabilities names = wire::our_capabilities(options_.protocols.newest);
  wire::write_capabilities(hello.initCapabilities(wire::length_of(names)), names);
  auto list = hello.initHeld(static_cast<unsigned>(held.size()));
  for (unsigned i = 0; i < held.size(); ++i) {
    list[i].setTask(held[i].task.value());
    list[i].setToken(held[i].token.value());
  }
}

Result<void> Conversation::say_hello() {
  const std::uint64_t id = channel_->next_id();
  wire::Outgoing request(id, 0, options_.protocols.newest);
  const std::vector<LeaseKey> held = holdings_.all();
  write_hello(request.body().initHello(), held);
  SWARMLAB_TRY(bytes, channel_->request(id, request.bytes(), kAnswerTime).get());
  SWARMLAB_TRY(reply, wire::Incoming::parse(wire::bytes_of(bytes)));
  last_heard_.store(clock_.now());
  if (reply.body().isError()) return tl::unexpected(wire::read(reply.body().getError()));
  if (!reply.body().isWelcome()) {
    return fail(ErrorCode::invalid_input, "the coordinator answered a hello with something else");
  }
  return take_welcome(reply.body().getWelcome(), held);
}

Result<void> Conversation::take_welcome(schema::Welcome::Reader welcome,
                                        const std::vector<LeaseKey>& held) {
  const wire::Protocol chosen = welcome.getProtocol();
  SWARMLAB_TRY(protocol, wire::agree({"this worker", options_.protocols},
                                     {"the coordinator", {chosen, chosen}}));
  std::vector<LeaseKey> keep;
  for (const auto lease : welcome.getKeep()) {
    keep.push_back({TaskId(lease.getTask()), FencingToken(lease.getToken())});
  }
  for (const LeaseKey& key : held) {
    if (std::ranges::find(keep, key) == keep.end()) holdings_.cancel(key);
  }
  heartbeat_ms_.store(std::max(welcome.getHeartbeatMs(), std::uint32_t{100}));
  const std::lock_guard lock(mutex_);
  session_ = welcome.getSession();
  coordinator_ = {.protocol = protocol,
                  .capabilities = wire::read_capabilities(welcome.getCapabilities())};
  log::info("the coordinator at {} welcomes {}{}{}{}{}", options_.address, options_.name,
            log::field("held", held.size()), log::field("kept", keep.size()),
            log::field("protocol", protocol),
            log::field("session", fmt::format("{:08x}", session_ >> 32U)));
  said_hello_ = true;
  return {};
}

Result<Conversation::Sent> Conversation::send(const Fill& fill, Milliseconds patience) {
  SWARMLAB_TRY(current, joined());
  const std::uint64_t id = channel_->next_id();
  wire::Outgoing request(id, current.session, current.protocol);
  fill(request.body());
  return Sent{.session = current.session,
              .reply = channel_->request(id, request.bytes(), patience)};
}

Result<wire::Incoming> Conversation::receive(Sent sent) {
  SWARMLAB_TRY(bytes, sent.reply.get());
  SWARMLAB_TRY(reply, wire::Incoming::parse(wire::bytes_of(bytes)));
  last_heard_.store(clock_.now());
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
