// The tree of a bubblewrap: it says which process is the first one inside, and how the command
// ended.
#pragma once

#include "worker/sandbox/gate.h"
#include "worker/sandbox/status.h"
#include "worker/sandbox/tree.h"

namespace swarmlab::sandbox {

class BubblewrapTree final : public Tree {
 public:
  struct Pipes {
    UniqueFd status;      // --json-status-fd; does not block
    UniqueFd block = {};  // --block-fd: the command starts when it is closed; may be missing
  };
  BubblewrapTree(Pipes pipes, Gatekeeper& gates) : pipes_(std::move(pipes)), gates_(gates) {}

  void give(SpawnRequest& spawn, int fd, int child_fd) override {
    spawn.fds.push_back({fd, child_fd});
  }
  [[nodiscard]] int fd() const override { return pipes_.status.get(); }
  [[nodiscard]] Result<void> hear() override;
  [[nodiscard]] bool runs() const override { return static_cast<bool>(init_) && !pipes_.block; }
  [[nodiscard]] std::optional<int> exit_code() const override { return said_.exit_code(); }
  [[nodiscard]] bool is_over() const override { return false; }
  [[nodiscard]] bool can_be_killed() const override { return static_cast<bool>(init_); }
  void kill(const Process* spawned) override;
  [[nodiscard]] Result<void> hold(bool still) override;
  [[nodiscard]] Result<std::optional<ExitStatus>> bury(Process* spawned,
                                                       Deadline deadline) override;

 private:
  void read();

  Pipes pipes_;
  Gatekeeper& gates_;
  StatusReader said_;
  UniqueFd init_;  // the first process inside, by its pidfd
  bool killed_ = false;
};

/// By SIGKILL; nothing if there is none.
void kill_by_pidfd(const UniqueFd& process);
/// Until the process has ended. \return  whether it has
[[nodiscard]] bool wait_for_end(const UniqueFd& process, Deadline deadline);
/// Empty if there is no such process.
[[nodiscard]] UniqueFd open_pidfd(pid_t process);

}  // namespace swarmlab::sandbox
