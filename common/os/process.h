// Child processes: started with exactly the descriptors, environment and limits that are named,
// waited for through a pidfd, and never left behind.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/os/clock.h"
#include "common/os/unique_fd.h"
#include "common/result.h"

namespace swarmlab {

/// `parent_fd` of the parent becomes `child_fd` of the child, without close-on-exec.
struct FdMapping {
  int parent_fd = -1;
  int child_fd = -1;
};

struct ResourceLimit {
  int resource = 0;         // RLIMIT_*
  std::uint64_t value = 0;  // soft and hard; never above the hard limit that we have ourselves
};

struct SpawnRequest {
  std::vector<std::string> argv = {};  // argv[0] is the path of the program: no search
  std::vector<std::string> env = {};   // "NAME=VALUE", all that there is
  std::string folder = {};             // current folder; empty: ours
  std::vector<FdMapping> fds = {};  // 0, 1 and 2 are /dev/null if not named; all others are closed
  std::vector<ResourceLimit> limits = {};
  std::vector<int> cgroups = {};  // descriptors of open cgroup.procs files that the child joins
  bool new_session = false;       // also a process group of its own
  bool die_with_parent = false;   // SIGKILL when the *thread* that spawned ends
  bool no_new_privileges = false;
};

struct ExitStatus {
  bool signaled = false;
  int code = 0;                           // exit code, or the signal
  std::chrono::microseconds cpu_time{0};  // user and system, of it and of what it waited for
  std::uint64_t peak_memory_bytes = 0;    // of the largest process among these
};

/// A running or ended child. Destroying it kills it (SIGKILL) and reaps it.
class Process {
 public:
  Process(Process&&) noexcept = default;
  Process& operator=(Process&& other) noexcept;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Readable (POLLIN) when it has ended.
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }
  /// Waits for its end; nothing if the deadline came first. Later calls give the same status.
  [[nodiscard]] Result<std::optional<ExitStatus>> wait(Deadline deadline = Deadline::never());
  /// Does nothing when it has ended: the id of another process is never hit.
  void kill(int signal) const;
  /// The same for its whole group. \pre  new_session
  void kill_group(int signal) const;

 private:
  friend Result<Process> spawn(const SpawnRequest& request);
  Process(pid_t pid, UniqueFd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  void end() noexcept;

  pid_t pid_ = -1;
  UniqueFd pidfd_;
  std::optional<ExitStatus> status_;
};

/// Starts a program. Signal mask and dispositions of the child are the defaults. Thread-safe.
/// \return not_found if there is no such program; else what step failed and why.
[[nodiscard]] Result<Process> spawn(const SpawnRequest& request);

/// The environment of this process, as SpawnRequest takes it.
[[nodiscard]] std::vector<std::string> current_environment();

struct Output {
  ExitStatus status;
  std::string out = {};  // stdout and stderr as they came, up to 1 MiB
};

/// Runs a short helper program (`git --version`) to its end; kills it at the deadline
/// (unavailable).
[[nodiscard]] Result<Output> run_and_capture(SpawnRequest request, Milliseconds timeout);

}  // namespace swarmlab
