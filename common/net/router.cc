#include "common/net/router.h"

#include "common/net/socket.h"

namespace swarmlab::net {

struct Router::Impl {
  explicit Impl(Socket opened) : socket(std::move(opened)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  Impl(Impl&&) = delete;
  Impl& operator=(Impl&&) = delete;
  ~Impl() { socket.hide(); }  // while it listens: later it could be another's file

  // Takes what is there, up to the limits.
  Result<void> take_burst(std::vector<Letter>& letters, const BurstLimits& limits) {
    const auto end = std::chrono::steady_clock::now() + limits.time;
    for (std::size_t taken = 0; taken < limits.messages; ++taken) {
      SWARMLAB_TRY(frames, socket.take());
      if (!frames) return {};
      if (frames->count == 2) {
        letters.push_back({std::move(frames->part[0]), std::move(frames->part[1])});
      } else {
        ++malformed;
      }
      if (std::chrono::steady_clock::now() >= end) return {};
    }
    return {};
  }

  Socket socket;
  std::uint64_t malformed = 0;
};

Router::Router(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

Result<Router> Router::bind(const std::string& address, const SocketOptions& options) {
  SWARMLAB_TRY(place, place_to_bind(address));
  SWARMLAB_TRY(socket, Socket::bind(std::move(place), options));
  return Router(std::make_unique<Impl>(std::move(socket)));
}

const std::string& Router::address() const {
  return impl_->socket.address();
}

Result<std::vector<Letter>> Router::receive(Milliseconds wait, const BurstLimits& limits) {
  const Deadline deadline = wait.count() < 0 ? Deadline::never() : Deadline::after(wait);
  std::vector<Letter> letters;
  for (;;) {
    SWARMLAB_TRY(ready, impl_->socket.wait(deadline, false));
    if (ready.readable) SWARMLAB_CHECK(impl_->take_burst(letters, limits));
    if (!letters.empty() || ready.woken || deadline.expired()) return letters;
  }
}

Result<Sent> Router::send(const PeerId& peer, std::string_view bytes) {
  return impl_->socket.send(peer, bytes);
}

Waker Router::waker() const {
  return impl_->socket.waker();
}

std::uint64_t Router::malformed() const {
  return impl_->malformed;
}

}  // namespace swarmlab::net
