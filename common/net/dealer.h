// A worker's or the command line's side: one peer, reconnected to by itself, with growing pauses.
//
// Nothing is queued while there is no connection, and what was queued is lost with it: requests are
// sent again by who made them.
// Threads: one thread owns a Dealer; its Waker may be used by any.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/net/gate.h"
#include "common/net/socket_options.h"
#include "common/net/waker.h"
#include "common/result.h"

namespace swarmlab::net {

// What receive() waits for, besides the waker.
enum class Until : std::uint8_t {
  message,
  message_or_room,  // also until send() would queue: there is a connection, and room in its queue
};

class Dealer {
 public:
  /// Does not wait for the peer: it may start later.
  /// With credentials it speaks to the server that has the key, and to no other; a peer that
  /// refuses us is one that is not there (yet). \return invalid_input if `address` is neither
  /// "ipc:///path" nor "tcp://host:port", or is another machine's and there are neither credentials
  /// nor `insecure`.
  static Result<Dealer> connect(const std::string& address, const SocketOptions& options = {},
                                const std::optional<Credentials>& credentials = std::nullopt);

  Dealer(Dealer&&) noexcept;
  Dealer& operator=(Dealer&&) noexcept;
  Dealer(const Dealer&) = delete;
  Dealer& operator=(const Dealer&) = delete;
  ~Dealer();  // waits up to `linger` for what is queued

  /// Never blocks; `full` if there is no connection (yet), or if too much waits for the peer.
  /// \return invalid_input if it is larger than the peer would take.
  Result<Sent> send(std::string_view bytes);

  /// Waits up to `wait` (negative: for ever). Nothing: time is over, the waker was used, there is
  /// room, or trouble() is another. Messages of several parts are dropped.
  Result<std::optional<std::string>> receive(Milliseconds wait, Until until = Until::message);

  /// Why the peer does not let us through, for people; nothing if it does, or is not there at all.
  [[nodiscard]] std::optional<std::string> trouble() const;
  [[nodiscard]] Waker waker() const;

 private:
  struct Impl;
  explicit Dealer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace swarmlab::net
