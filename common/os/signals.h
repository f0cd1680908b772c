// Signals as something to poll for: SIGINT and SIGTERM become reads from a descriptor.
#pragma once

#include <initializer_list>
#include <optional>

#include "common/os/unique_fd.h"
#include "common/result.h"

namespace swarmlab {

/// Blocks the signals in the calling thread and in threads that it starts later: make it before any
/// other thread. They stay blocked when it is destroyed. Children that spawn() starts get them
/// back.
class SignalWatch {
 public:
  [[nodiscard]] static Result<SignalWatch> make(std::initializer_list<int> signals);

  /// Readable (POLLIN) when a signal waits.
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// The next waiting signal; nothing if there is none. Never blocks.
  [[nodiscard]] std::optional<int> take() const;

 private:
  explicit SignalWatch(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace swarmlab
