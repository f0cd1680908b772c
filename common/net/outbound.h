// What waits to be sent, counted in bytes for each peer, until ZeroMQ has written it to the
// connection or given it up with it. A peer that does not read thus costs a bounded part of our
// memory: ZeroMQ itself counts messages only, and one may have 4 MiB. For .cc files only.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <zmq.hpp>

#include "common/net/router.h"

namespace swarmlab::net {

/// One thread; what it wraps may be freed by any.
class Outbound {
 public:
  explicit Outbound(const OutboundLimits& limits) : limits_(limits) {}

  /// A message that counts as the peer's until it is freed. Nothing: too much waits already.
  /// One message always fits, whatever its size, if nothing else of the peer waits.
  [[nodiscard]] std::optional<zmq::message_t> wrap(const PeerId& peer, std::string bytes);

 private:
  struct Account {
    std::atomic<std::size_t> bytes = 0;
  };
  struct Waiting;
  [[nodiscard]] bool fits(const Account& account, std::size_t size) const;
  void forget_idle();

  OutboundLimits limits_;
  std::shared_ptr<std::atomic<std::size_t>> total_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::map<PeerId, std::shared_ptr<Account>> accounts_;
  std::size_t forget_at_ = 1024;  // accounts, before those without anything are dropped
};

}  // namespace swarmlab::net
