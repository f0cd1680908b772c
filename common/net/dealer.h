// A worker's or the command line's side: one peer, reconnected to by itself, with growing pauses.
//
// Messages that were queued while there was no connection may be lost or arrive late: requests are
// sent again by who made them.
// Threads: one thread owns a Dealer; its Waker may be used by any.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/net/socket_options.h"
#include "common/net/waker.h"
#include "common/result.h"

namespace swarmlab::net {

class Dealer {
 public:
  /// Does not wait for the peer: it may start later.
  /// \return invalid_input if `address` is neither "ipc://path" nor "tcp://host:port".
  static Result<Dealer> connect(const std::string& address, const SocketOptions& options = {});

  Dealer(Dealer&&) noexcept;
  Dealer& operator=(Dealer&&) noexcept;
  Dealer(const Dealer&) = delete;
  Dealer& operator=(const Dealer&) = delete;
  ~Dealer();  // waits up to `linger` for what is queued

  /// Never blocks; `full` if too much waits for the peer.
  Result<Sent> send(std::string_view bytes);

  /// Waits up to `wait` (negative: for ever). Nothing: time is over, or the waker was used.
  Result<std::optional<std::string>> receive(Milliseconds wait);

  [[nodiscard]] Waker waker() const;

 private:
  struct Impl;
  explicit Dealer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace swarmlab::net
