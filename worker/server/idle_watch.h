// For how long a worker has had nothing to do: one that is started by a batch system, and paid for,
// goes when it is not needed.
#pragma once

#include <cstdint>
#include <mutex>
#include <set>

#include "common/os/steady_clock.h"

namespace swarmlab::worker {

/// Thread-safe: slots write it, whoever may end the worker reads it.
class IdleWatch {
 public:
  explicit IdleWatch(SteadyClock& clock) : clock_(clock), since_(clock.now()) {}

  void begins(std::uint32_t slot) {
    const std::lock_guard lock(mutex_);
    busy_.insert(slot);
    worked_ = true;
  }
  void ends(std::uint32_t slot) {
    const std::lock_guard lock(mutex_);
    busy_.erase(slot);
    since_ = clock_.now();
  }
  /// The coordinator had nothing for a slot that asked.
  void found_nothing(std::uint32_t slot) {
    const std::lock_guard lock(mutex_);
    refused_.insert(slot);
  }

  /// Whether no slot has worked for `patience`; or, at the start of a worker, whether there was
  /// nothing for any of its `slots`: then there is nothing to wait for.
  [[nodiscard]] bool is_over(Milliseconds patience, std::uint32_t slots) const {
    const std::lock_guard lock(mutex_);
    if (!busy_.empty()) return false;
    if (!worked_ && refused_.size() >= slots) return true;
    return clock_.now() - since_ >= patience;
  }

 private:
  SteadyClock& clock_;
  mutable std::mutex mutex_;
  std::set<std::uint32_t> busy_;
  std::set<std::uint32_t> refused_;  // slots that there was nothing for, since the start
  bool worked_ = false;
  SteadyClock::TimePoint since_;  // when the last one ended, or the worker began
};

}  // namespace swarmlab::worker
