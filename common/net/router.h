// The coordinator's side: many peers on one address. It never blocks on one of them: what cannot be
// queued is dropped, and the caller is told.
//
// A guarded router speaks CURVE only, and only with peers whose key is allowed. Every message is
// judged by the key of the connection that it came over, as the allowlist is then: a revoked key is
// not heard any more, though ZeroMQ cannot close its connection. What a message says of itself is
// worth nothing here: the same bytes sent again by another key are a letter of that other key, so
// whoever opens sessions must bind each to the key that opened it.
//
// Threads: one thread owns a Router; its Waker may be used by any.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/keys/allowlist.h"
#include "common/net/gate.h"
#include "common/net/socket_options.h"
#include "common/net/waker.h"
#include "common/result.h"

namespace swarmlab::net {

// A connection: random, new with every connect, and of a guarded router never the same for two
// keys. Compare, do not read.
using PeerId = std::string;

struct Letter {
  PeerId peer;
  std::string bytes;
  std::optional<keys::Holder> sender = std::nullopt;  // always there if the router is guarded
};

// What a guarded router did not let through.
struct Refusals {
  std::uint64_t connections = 0;  // of keys that are not allowed
  std::uint64_t handshakes = 0;   // that failed: no CURVE, not with our key, or broken off
  std::uint64_t messages = 0;     // of keys that were revoked, or from ids that a peer chose
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
  /// be one of this machine's, or if it is no address of this machine alone and there is neither a
  /// guard nor `insecure`.
  static Result<Router> bind(const std::string& address, const SocketOptions& options = {},
                             std::optional<Guard> guard = std::nullopt);

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
  /// \return internal if the router is guarded and its guard has died: nobody gets in any more.
  Result<std::vector<Letter>> receive(Milliseconds wait, const BurstLimits& limits = {});

  /// Never blocks. `full` if the peer does not read what waits for it already; `gone` also if its
  /// key is not allowed any more. \return invalid_input if it is larger than a peer would take.
  Result<Sent> send(const PeerId& peer, std::string bytes);

  [[nodiscard]] Waker waker() const;
  /// Messages that were dropped because they were malformed at the transport's level.
  [[nodiscard]] std::uint64_t malformed() const;
  [[nodiscard]] Refusals refusals() const;

 private:
  struct Impl;
  explicit Router(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace swarmlab::net
