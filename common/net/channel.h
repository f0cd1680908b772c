// A way to a peer that answers requests: a Client in the product, a network of their own in tests.
#pragma once

#include <cstdint>
#include <future>
#include <string>

#include "common/result.h"
#include "common/strong_id.h"

namespace swarmlab::net {

/// Thread-safe.
class Channel {
 public:
  Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  virtual ~Channel() = default;

  /// An id that this channel has not given out: 1, 2, 3 ...
  [[nodiscard]] virtual std::uint64_t next_id() = 0;

  /// Sends `bytes`, whose request id is `id` (1 or more); the future has the bytes of the reply, or
  /// `unavailable` after `timeout`. `conflict` if a request of that id still waits.
  [[nodiscard]] virtual std::future<Result<std::string>> request(std::uint64_t id,
                                                                 std::string bytes,
                                                                 Milliseconds timeout) = 0;

  /// Ends all requests that wait, and those that come, with `unavailable`. May be called again.
  virtual void close() = 0;

 protected:
  Channel(Channel&&) = default;
  Channel& operator=(Channel&&) = default;
};

}  // namespace swarmlab::net
