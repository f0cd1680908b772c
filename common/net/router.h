// The coordinator's side: many peers on one address. It never blocks on one of them: what cannot be
// queued is dropped, and the caller is told.
//
// Threads: one thread owns a Router; its Waker may be used by any.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/net/socket_options.h"
#include "common/net/waker.h"
#include "common/result.h"

namespace swarmlab::net {

// The bytes by which ZeroMQ knows a connection: random, new with every connect. Compare, do not
// read.
using PeerId = std::string;

struct Letter {
  PeerId peer;
  std::string bytes;
};

struct BurstLimits {
  std::size_t messages = 4096;
  std::chrono::microseconds time{2000};  // from the first message on
};

class Router {
 public:
  /// `address`: "ipc:///path/to/socket" or "tcp://host:port" (port 0 or *: any free one).
  /// Of ipc the folder is made if it is missing (mode 0700), and refused if others may enter it. A
  /// socket file that a dead process left is replaced.
  /// \return conflict if somebody listens there, invalid_input if it is no such address or cannot
  /// be one of this machine's.
  static Result<Router> bind(const std::string& address, const SocketOptions& options = {});

  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;
  ~Router();  // waits up to `linger` for what is queued

  /// What peers connect to: with the port that was found.
  [[nodiscard]] const std::string& address() const;

  /// Waits up to `wait` (negative: for ever) for a message or a wake-up, then takes what is there,
  /// up to the limits. Empty: time is over, or the waker was used.
  /// Messages of several parts are no messages of ours: dropped and counted.
  Result<std::vector<Letter>> receive(Milliseconds wait, const BurstLimits& limits = {});

  /// Never blocks. \return invalid_input if it is larger than a peer would take.
  Result<Sent> send(const PeerId& peer, std::string_view bytes);

  [[nodiscard]] Waker waker() const;
  /// Messages that were dropped because they were malformed at the transport's level.
  [[nodiscard]] std::uint64_t malformed() const;

 private:
  struct Impl;
  explicit Router(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace swarmlab::net
