#include "common/net/dealer.h"

#include "common/net/socket.h"

namespace swarmlab::net {

struct Dealer::Impl {
  explicit Impl(Socket opened) : socket(std::move(opened)) {}
  Socket socket;
};

Dealer::Dealer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Dealer::Dealer(Dealer&&) noexcept = default;
Dealer& Dealer::operator=(Dealer&&) noexcept = default;
Dealer::~Dealer() = default;

Result<Dealer> Dealer::connect(const std::string& address, const SocketOptions& options,
                               const std::optional<Credentials>& credentials) {
  SWARMLAB_TRY(place, place_to_connect(address));
  SWARMLAB_TRY(socket, Socket::connect(std::move(place), options, credentials));
  return Dealer(std::make_unique<Impl>(std::move(socket)));
}

Result<Sent> Dealer::send(std::string_view bytes) {
  return impl_->socket.send(bytes);
}

Result<std::optional<std::string>> Dealer::receive(Milliseconds wait, Until until) {
  const Deadline deadline = wait.count() < 0 ? Deadline::never() : Deadline::after(wait);
  for (;;) {
    SWARMLAB_TRY(ready, impl_->socket.wait(deadline, until == Until::message_or_room));
    if (ready.readable) {
      SWARMLAB_TRY(frames, impl_->socket.take());
      if (frames && frames->count == 1) return std::optional(std::move(frames->part[0]));
    }
    if (ready.woken || ready.writable || deadline.expired()) return std::optional<std::string>();
  }
}

Waker Dealer::waker() const {
  return impl_->socket.waker();
}

}  // namespace swarmlab::net
