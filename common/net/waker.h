// Wakes a thread that waits in poll(2), from any other thread.
#pragma once

#include <memory>

#include "common/os/unique_fd.h"
#include "common/result.h"

namespace swarmlab::net {

/// Cheap to copy, thread-safe, usable from signal handlers. Wake-ups that come before the thread
/// looks become one.
class Waker {
 public:
  /// \return unavailable when the process is out of file descriptors.
  [[nodiscard]] static Result<Waker> make();

  void wake() const;
  /// Readable after wake(), until clear().
  [[nodiscard]] int fd() const { return event_->get(); }
  /// For the thread that waits. \return whether wake() was called since the last time.
  [[nodiscard]] bool clear() const;

 private:
  explicit Waker(std::shared_ptr<const UniqueFd> event) : event_(std::move(event)) {}
  std::shared_ptr<const UniqueFd> event_;
};

}  // namespace swarmlab::net
