// Cancelling what blocks: a source says stop, every holder of its token can see it or poll for it.
#pragma once

#include <memory>

#include "common/os/unique_fd.h"
#include "common/result.h"
#include "common/strong_id.h"

namespace swarmlab {

/// Cheap to copy, thread-safe. A token that no source made is never cancelled.
class CancelToken {
 public:
  CancelToken() = default;

  [[nodiscard]] bool cancelled() const;
  /// Waits until the cancel or for this long. \return whether it is cancelled.
  [[nodiscard]] bool wait(Milliseconds time) const;
  /// Readable (POLLIN) from the cancel on, for good: poll it, do not read it. -1: never cancelled;
  /// poll(2) skips that. Valid as long as a token or the source lives.
  [[nodiscard]] int fd() const { return event_ ? event_->get() : -1; }

 private:
  friend class CancelSource;
  explicit CancelToken(std::shared_ptr<const UniqueFd> event) : event_(std::move(event)) {}
  std::shared_ptr<const UniqueFd> event_;
};

/// Thread-safe. Destroying it does not cancel.
class CancelSource {
 public:
  /// \return unavailable when the process is out of file descriptors.
  [[nodiscard]] static Result<CancelSource> make();

  [[nodiscard]] CancelToken token() const { return CancelToken(event_); }
  /// May be called again, and from a signal handler.
  void cancel() const;

 private:
  explicit CancelSource(std::shared_ptr<const UniqueFd> event) : event_(std::move(event)) {}
  std::shared_ptr<const UniqueFd> event_;
};

}  // namespace swarmlab
