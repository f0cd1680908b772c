// Time: a wall clock that never goes back, and deadlines that wall clock changes do not move.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>

#include "common/strong_id.h"

namespace swarmlab {

/// Where the shell gets its time from; tests pass their own. Thread-safe.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  Clock(Clock&&) = delete;
  Clock& operator=(Clock&&) = delete;
  virtual ~Clock() = default;

  /// Never less than what an earlier call gave, in any thread.
  [[nodiscard]] virtual Timestamp now() = 0;
};

/// The machine's clock; while that is set back, this one stands still.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() override;

 private:
  std::atomic<Timestamp::rep> latest_{0};
};

/// A point on the monotonic clock, or never.
class Deadline {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  [[nodiscard]] static Deadline never() { return Deadline(); }
  [[nodiscard]] static Deadline after(Milliseconds wait);

  [[nodiscard]] bool expired() const;
  /// 0 when expired; nothing when it never comes. Rounded up: a wait of this length is enough.
  [[nodiscard]] std::optional<Milliseconds> remaining() const;
  /// For poll(2): -1 when it never comes.
  [[nodiscard]] int poll_timeout() const;
  [[nodiscard]] std::optional<TimePoint> point() const { return point_; }

 private:
  std::optional<TimePoint> point_;
};

}  // namespace swarmlab
