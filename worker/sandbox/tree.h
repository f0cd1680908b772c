// The process tree of one run, as the driver that started it knows it: which process holds it, what
// that one says, how all of it is ended. supervise() does the rest, the same for all drivers.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/os/clock.h"
#include "common/os/process.h"
#include "common/os/unique_fd.h"
#include "common/result.h"

namespace swarmlab::sandbox {

// What a tree used, where its driver can tell.
struct Usage {
  bool ran_out_of_memory = false;  // the kernel killed something in it for its memory
  std::optional<std::uint64_t> peak_memory_bytes = {};
  std::optional<std::chrono::microseconds> cpu_time = {};
};

class Tree {
 public:
  Tree() = default;
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  Tree(Tree&&) = delete;
  Tree& operator=(Tree&&) = delete;
  virtual ~Tree() = default;

  /// `fd` is to be `child_fd` of the command.
  virtual void give(SpawnRequest& spawn, int fd, int child_fd) = 0;

  /// After all was given, where nothing is spawned here. \return  an error if it cannot start
  [[nodiscard]] virtual Result<void> start() { return {}; }

  /// For poll(2); -1: it has nothing to say now.
  [[nodiscard]] virtual int fd() const = 0;
  /// Hears what it says. Never blocks. \return  an error if the command cannot start
  [[nodiscard]] virtual Result<void> hear() = 0;

  /// The command has been started: its time runs.
  [[nodiscard]] virtual bool runs() const = 0;
  /// Of the command; 128 and more: a signal, as a shell tells it. Nothing if it is not known.
  [[nodiscard]] virtual std::optional<int> exit_code() const = 0;
  /// Whether the end of the command is known before that of the spawned process.
  [[nodiscard]] virtual bool is_over() const = 0;

  /// Whether kill() would reach all of it by now.
  [[nodiscard]] virtual bool can_be_killed() const = 0;
  /// \param spawned  null: nothing is spawned here
  virtual void kill(const Process* spawned) = 0;
  /// Stops all of it, or lets it go on: see Reins. \return  unavailable if it cannot be
  [[nodiscard]] virtual Result<void> hold([[maybe_unused]] bool still) {
    return fail(ErrorCode::unavailable, "this sandbox cannot hold what it runs");
  }
  /// Kills all and waits until it is dead; the spawned process, too. \return  how that one ended,
  /// nothing if they do not die
  [[nodiscard]] virtual Result<std::optional<ExitStatus>> bury(Process* spawned,
                                                               Deadline deadline) = 0;

  /// The spawned process is the command itself: its end is the command's.
  [[nodiscard]] virtual bool is_spawned() const { return false; }
  /// To be asked after bury().
  [[nodiscard]] virtual std::optional<Usage> usage() const { return std::nullopt; }
  /// Processes that are in it now, where no control group of ours tells.
  [[nodiscard]] virtual std::vector<pid_t> members() const { return {}; }
};

}  // namespace swarmlab::sandbox
