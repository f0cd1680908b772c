#include "common/net/router.h"

#include <algorithm>
#include <utility>

#include "common/net/outbound.h"
#include "common/net/socket.h"

namespace swarmlab::net {

struct Router::Impl {
  Impl(Socket opened, std::shared_ptr<const Gate> asked, const OutboundLimits& limits)
      : socket(std::move(opened)), gate(std::move(asked)), outbound(limits) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  Impl(Impl&&) = delete;
  Impl& operator=(Impl&&) = delete;
  ~Impl() { socket.hide(); }  // while it listens: later it could be another's file

  // Takes what is there, up to the limits.
  Result<void> take_burst(std::vector<Letter>& letters, const BurstLimits& limits) {
    const auto allowed = gate ? gate->allowed() : nullptr;
    const auto end = std::chrono::steady_clock::now() + limits.time;
    for (std::size_t taken = 0; taken < limits.messages; ++taken) {
      SWARMLAB_TRY(frames, socket.take());
      if (!frames) return {};
      take_in(letters, *std::move(frames), allowed.get());
      if (std::chrono::steady_clock::now() >= end) return {};
    }
    return {};
  }

  void take_in(std::vector<Letter>& letters, Frames&& frames, const keys::Allowlist* allowed) {
    auto& [peer, bytes] = frames.part;
    std::optional<keys::Holder> sender;
    if (allowed != nullptr) {
      const keys::Holder* holder = allowed->find(frames.key);
      if (holder == nullptr || !was_given_by_zmq(peer)) {
        ++refused_messages;
        return;
      }
      sender = *holder;
      peer += frames.key;
    }
    if (frames.count != 2) {
      ++malformed;
      return;
    }
    letters.push_back({std::move(peer), std::move(bytes), std::move(sender)});
  }

  // A routing id that the peer chose could be another's, whose replies it would get.
  static bool was_given_by_zmq(const std::string& routing_id) {
    return routing_id.size() == kGivenId && routing_id.front() == '\0';
  }

  Result<Sent> send(const PeerId& peer, std::string bytes) {
    std::string_view id = peer;
    if (gate) {
      id = id.substr(0, kGivenId);
      if (gate->allowed()->find(peer.substr(id.size())) == nullptr) return Sent::gone;
    }
    auto message = outbound.wrap(peer, std::move(bytes));
    if (!message) return Sent::full;
    return socket.send(id, *std::move(message));
  }

  static constexpr std::size_t kGivenId = 5;  // a zero and a number; the key follows it in a PeerId

  Socket socket;
  std::shared_ptr<const Gate> gate;  // empty: not guarded
  Outbound outbound;
  std::uint64_t malformed = 0;
  std::uint64_t refused_messages = 0;
};

Router::Router(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

Result<Router> Router::bind(const std::string& address, const SocketOptions& options,
                            std::optional<Guard> guard) {
  if (guard && !guard->gate) return fail(ErrorCode::invalid_input, "a guard needs a gate");
  SWARMLAB_TRY(place, place_to_bind(address));
  SWARMLAB_TRY(socket, Socket::bind(std::move(place), options, guard));
  return Router(std::make_unique<Impl>(std::move(socket), guard ? std::move(guard->gate) : nullptr,
                                       options.outbound));
}

const std::string& Router::address() const {
  return impl_->socket.address();
}

Result<std::vector<Letter>> Router::receive(Milliseconds wait, const BurstLimits& limits) {
  const Deadline deadline = wait.count() < 0 ? Deadline::never() : Deadline::after(wait);
  std::vector<Letter> letters;
  for (;;) {
    SWARMLAB_TRY(ready, impl_->socket.wait(deadline, false));
    if (const Doorman* doorman = impl_->socket.doorman(); doorman && !doorman->alive()) {
      return fail(ErrorCode::internal, "{}: who checks the keys has ended: nobody gets in any more",
                  address());
    }
    if (ready.readable) SWARMLAB_CHECK(impl_->take_burst(letters, limits));
    if (!letters.empty() || ready.woken || deadline.expired()) return letters;
  }
}

Result<Sent> Router::send(const PeerId& peer, std::string bytes) {
  return impl_->send(peer, std::move(bytes));
}

Waker Router::waker() const {
  return impl_->socket.waker();
}

std::uint64_t Router::malformed() const {
  return impl_->malformed;
}

Refusals Router::refusals() const {
  const Doorman* doorman = impl_->socket.doorman();
  return {.connections = doorman == nullptr ? 0 : doorman->refused(),
          .handshakes = impl_->socket.handshakes().failed(),
          .messages = impl_->refused_messages};
}

}  // namespace swarmlab::net
