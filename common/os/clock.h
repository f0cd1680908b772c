// Time: a clock that nobody can set, and deadlines on it.
#pragma once

#include <chrono>
#include <functional>
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

// Where a SystemClock reads its time: the wall clock, and one that nobody sets.
struct TimeSources {
  std::function<std::chrono::nanoseconds()> wall;    // since 1970, UTC
  std::function<std::chrono::nanoseconds()> steady;  // from any point; never goes back

  /// The machine's. While it sleeps, `steady` does not go on.
  [[nodiscard]] static TimeSources of_machine();
};

/// Wall clock time as it was at the beginning, and what passed since by the steady clock: whoever
/// sets the wall clock moves no deadline.
class SystemClock final : public Clock {
 public:
  explicit SystemClock(TimeSources sources = TimeSources::of_machine());
  [[nodiscard]] Timestamp now() override;

 private:
  TimeSources sources_;
  std::chrono::nanoseconds begin_;  // what the wall clock is ahead of the steady one
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
