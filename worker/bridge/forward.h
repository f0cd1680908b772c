// Carries connections from a sandbox to one port of this machine, and to no other.
#pragma once

#include <cstdint>
#include <memory>

#include "common/os/unique_fd.h"
#include "common/result.h"
#include "worker/bridge/callers.h"

namespace swarmlab::worker {

/// Thread-safe.
class Forward {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Forward>> start(std::uint16_t port);

  /// A connection from inside; hung up on if nobody listens at the port. Never blocks.
  void take(UniqueFd connection) { callers_->take(std::move(connection)); }
  /// Hangs up on everybody.
  void end() { callers_->end(); }

 private:
  explicit Forward(std::unique_ptr<Callers> callers) : callers_(std::move(callers)) {}
  std::unique_ptr<Callers> callers_;
};

/// A connection to a port of the loopback; invalid if nobody listens there.
[[nodiscard]] UniqueFd connect_here(std::uint16_t port);

}  // namespace swarmlab::worker
