// One output of a child, and what is kept of what came through it.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "common/os/unique_fd.h"
#include "common/result.h"

namespace swarmlab::sandbox {

class Channel {
 public:
  using Keep = std::function<void(std::string_view)>;
  enum class Kind : std::uint8_t {
    pipe,
    sealed,  // a socket: who was not given it cannot open it by way of /proc/PID/fd
  };

  [[nodiscard]] static Result<Channel> make(Kind kind, Keep keep);
  Channel(UniqueFd from, Keep keep) : from_(std::move(from)), keep_(std::move(keep)) {}

  /// For poll(2); -1 once the other end is closed.
  [[nodiscard]] int fd() const { return from_.get(); }
  /// What the child gets.
  [[nodiscard]] int child_end() const { return to_.get(); }
  void close_child_end() { to_.reset(); }

  /// Takes what waits, once. \return  whether there may be more. Never blocks.
  bool take();
  /// Takes all that waits, but no more than `most_bytes`: somebody may still be writing.
  void drain(std::uint64_t most_bytes);

 private:
  UniqueFd from_;
  UniqueFd to_;
  Keep keep_;
};

}  // namespace swarmlab::sandbox
