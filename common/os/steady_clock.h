// The monotonic clock, and waiting by it: what a protocol needs of time. Tests bring their own, in
// which an hour is over at once.
#pragma once

#include <chrono>

#include "common/os/cancel.h"
#include "common/strong_id.h"

namespace swarmlab {

/// Thread-safe.
class SteadyClock {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  SteadyClock() = default;
  SteadyClock(const SteadyClock&) = delete;
  SteadyClock& operator=(const SteadyClock&) = delete;
  SteadyClock(SteadyClock&&) = delete;
  SteadyClock& operator=(SteadyClock&&) = delete;
  virtual ~SteadyClock() = default;

  [[nodiscard]] virtual TimePoint now() = 0;
  /// Waits until the cancel or for this long. \return whether it is cancelled.
  [[nodiscard]] virtual bool wait(const CancelToken& stop, Milliseconds time) = 0;
};

/// The machine's.
class SystemSteadyClock final : public SteadyClock {
 public:
  [[nodiscard]] TimePoint now() override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] bool wait(const CancelToken& stop, Milliseconds time) override {
    return stop.wait(time);
  }
};

/// It has no state: the same for all.
[[nodiscard]] inline SteadyClock& system_steady_clock() {
  static SystemSteadyClock clock;
  return clock;
}

}  // namespace swarmlab
