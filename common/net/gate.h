// Who is let in: the allowlist that a guarded router asks at every connection and for every
// message.
#pragma once

#include <memory>
#include <mutex>

#include "common/keys/allowlist.h"
#include "common/keys/key.h"

namespace swarmlab::net {

/// Thread-safe. What replace() takes away is refused from the next burst on, also of connections
/// that live.
class Gate {
 public:
  explicit Gate(keys::Allowlist allowed = {})
      : allowed_(std::make_shared<const keys::Allowlist>(std::move(allowed))) {}

  void replace(keys::Allowlist allowed) {
    auto fresh = std::make_shared<const keys::Allowlist>(std::move(allowed));
    const std::lock_guard lock(mutex_);
    allowed_.swap(fresh);
  }

  /// The list as it is now.
  [[nodiscard]] std::shared_ptr<const keys::Allowlist> allowed() const {
    const std::lock_guard lock(mutex_);
    return allowed_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const keys::Allowlist> allowed_;
};

// Makes a router speak CURVE only, and only with who is allowed.
struct Guard {
  keys::SecretKey server_key;
  std::shared_ptr<Gate> gate;
};

// What a dealer proves to be, and whom it expects.
struct Credentials {
  keys::SecretKey own;
  keys::PublicKey server;
};

}  // namespace swarmlab::net
