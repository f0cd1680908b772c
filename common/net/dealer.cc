#include "common/net/dealer.h"

#include "common/net/socket.h"

namespace swarmlab::net {

struct Dealer::Impl {
  Impl(Socket opened, bool keys, Milliseconds reconnect)
      : socket(std::move(opened)), has_keys(keys), pause(reconnect) {}

  // Waits until the deadline, or until there is something else to do first.
  Result<Readiness> wait(const Deadline& deadline, bool room) {
    const Monitor& handshakes = socket.handshakes();
    if (handshakes.gave_up() && !again.point()) again = Deadline::after(pause);
    if (handshakes.gave_up() && again.expired()) {
      again = Deadline::never();
      SWARMLAB_CHECK(socket.connect_again());
    }
    return socket.wait(earlier(deadline, earlier(again, handshakes.patience())), room);
  }
  // What has passed is nothing to wait for.
  static Deadline earlier(const Deadline& one, const Deadline& other) {
    if (!other.point() || other.expired()) return one;
    return one.point() && *one.point() < *other.point() ? one : other;
  }

  Socket socket;
  bool has_keys;
  Milliseconds pause;                  // before it is connected again
  Deadline again = Deadline::never();  // when it will be
};

namespace {

// A peer that refuses us often hangs up before it said why: then it may be any of these.
std::string why(Monitor::Trouble trouble, bool has_keys) {
  switch (trouble) {
    case Monitor::Trouble::mismatch:
      return has_keys ? "it speaks without keys, and --key and --server-key were given"
                      : "it wants keys: give --key and --server-key";
    case Monitor::Trouble::hung_up:
      return has_keys ? "it does not let us in: --key is not allowed there (any more), or "
                        "--server-key is not its key, or it speaks without keys"
                      : "it hung up: if it wants keys, give --key and --server-key";
    case Monitor::Trouble::not_let_in:
      return has_keys ? "it does not let us in: --key is not allowed there (any more)"
                      : "it took the connection, and says nothing";
  }
  return {};
}

}  // namespace

Dealer::Dealer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Dealer::Dealer(Dealer&&) noexcept = default;
Dealer& Dealer::operator=(Dealer&&) noexcept = default;
Dealer::~Dealer() = default;

Result<Dealer> Dealer::connect(const std::string& address, const SocketOptions& options,
                               const std::optional<Credentials>& credentials) {
  SWARMLAB_TRY(place, place_to_connect(address));
  SWARMLAB_TRY(socket, Socket::connect(std::move(place), options, credentials));
  return Dealer(
      std::make_unique<Impl>(std::move(socket), credentials.has_value(), options.reconnect_most));
}

Result<Sent> Dealer::send(std::string_view bytes) {
  return impl_->socket.send(bytes);
}

Result<std::optional<std::string>> Dealer::receive(Milliseconds wait, Until until) {
  const Deadline deadline = wait.count() < 0 ? Deadline::never() : Deadline::after(wait);
  const auto before = impl_->socket.handshakes().trouble();
  for (;;) {
    SWARMLAB_TRY(ready, impl_->wait(deadline, until == Until::message_or_room));
    if (ready.readable) {
      SWARMLAB_TRY(frames, impl_->socket.take());
      if (frames && frames->count == 1) return std::optional(std::move(frames->part[0]));
    }
    const bool news = impl_->socket.handshakes().trouble() != before;
    if (ready.woken || ready.writable || news || deadline.expired()) {
      return std::optional<std::string>();
    }
  }
}

std::optional<std::string> Dealer::trouble() const {
  const auto trouble = impl_->socket.handshakes().trouble();
  if (!trouble) return std::nullopt;
  return why(*trouble, impl_->has_keys);
}

Waker Dealer::waker() const {
  return impl_->socket.waker();
}

}  // namespace swarmlab::net
