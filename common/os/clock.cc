#include "common/os/clock.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace swarmlab {

TimeSources TimeSources::of_machine() {
  using std::chrono::nanoseconds;
  return {
      .wall = [] { return nanoseconds(std::chrono::system_clock::now().time_since_epoch()); },
      .steady = [] { return nanoseconds(std::chrono::steady_clock::now().time_since_epoch()); }};
}

SystemClock::SystemClock(TimeSources sources)
    : sources_(std::move(sources)), begin_(sources_.wall() - sources_.steady()) {}

Timestamp SystemClock::now() {
  return Timestamp(std::chrono::floor<Milliseconds>(begin_ + sources_.steady()));
}

Deadline Deadline::after(Milliseconds wait) {
  // Far enough to be never, near enough not to overflow the clock.
  constexpr Milliseconds kLongest = std::chrono::hours(24 * 365 * 100);
  Deadline deadline;
  deadline.point_ = std::chrono::steady_clock::now() + std::min(wait, kLongest);
  return deadline;
}

bool Deadline::expired() const {
  return point_.has_value() && std::chrono::steady_clock::now() >= *point_;
}

std::optional<Milliseconds> Deadline::remaining() const {
  if (!point_) return std::nullopt;
  const auto left = std::chrono::ceil<Milliseconds>(*point_ - std::chrono::steady_clock::now());
  return std::max(left, Milliseconds(0));
}

int Deadline::poll_timeout() const {
  const auto left = remaining();
  if (!left) return -1;
  constexpr Milliseconds::rep kMax = std::numeric_limits<int>::max();
  return static_cast<int>(std::min<Milliseconds::rep>(left->count(), kMax));
}

}  // namespace swarmlab
