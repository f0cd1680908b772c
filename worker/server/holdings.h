// The leases that this worker holds: what runs in its slots and what waits in its spool. The link
// tells the coordinator of them in every hello and heartbeat, and cancels what nobody waits for.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "common/model/report.h"
#include "common/os/cancel.h"
#include "common/strong_id.h"

namespace swarmlab::worker {

struct LeaseKey {
  TaskId task;
  FencingToken token;
  auto operator<=>(const LeaseKey&) const = default;
};

/// Thread-safe.
class Holdings {
 public:
  /// \param running  cancels the attempt; nothing for a report that only waits to be sent.
  /// After cancel_all() it is cancelled at once.
  void add(LeaseKey key, std::optional<CancelSource> running) {
    const std::lock_guard lock(mutex_);
    if (running && all_cancelled_) running->cancel();
    leases_.insert_or_assign(key, std::move(running));
  }
  void remove(LeaseKey key) {
    const std::lock_guard lock(mutex_);
    leases_.erase(key);
    announced_.erase(key);
  }
  /// What the agent of an attempt says that it tries; until the lease is removed.
  void announce(LeaseKey key, Announcement said) {
    const std::lock_guard lock(mutex_);
    if (leases_.contains(key)) announced_.insert_or_assign(key, std::move(said));
  }
  [[nodiscard]] std::map<LeaseKey, Announcement> announced() const {
    const std::lock_guard lock(mutex_);
    return announced_;
  }
  [[nodiscard]] std::vector<LeaseKey> all() const {
    const std::lock_guard lock(mutex_);
    std::vector<LeaseKey> keys;
    for (const auto& [key, running] : leases_) keys.push_back(key);
    return keys;
  }
  /// Ends the attempt, if one runs under this lease.
  void cancel(LeaseKey key) const {
    const std::lock_guard lock(mutex_);
    const auto found = leases_.find(key);
    if (found != leases_.end() && found->second) found->second->cancel();
  }
  /// Ends all attempts, and those that would begin later.
  void cancel_all() {
    const std::lock_guard lock(mutex_);
    all_cancelled_ = true;
    for (const auto& [key, running] : leases_) {
      if (running) running->cancel();
    }
  }

 private:
  mutable std::mutex mutex_;
  std::map<LeaseKey, std::optional<CancelSource>> leases_;
  std::map<LeaseKey, Announcement> announced_;
  bool all_cancelled_ = false;
};

}  // namespace swarmlab::worker
