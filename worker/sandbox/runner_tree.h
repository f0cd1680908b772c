// The tree of a command that a runner started in another container: worker/runner has the other
// end.
#pragma once

#include <array>

#include "worker/sandbox/tree.h"

namespace swarmlab::sandbox {

class RunnerTree final : public Tree {
 public:
  struct Parts {
    UniqueFd control;  // to the runner, after its hello; does not block
    UniqueFd orders;
    UniqueFd paths;
  };
  explicit RunnerTree(Parts parts) : parts_(std::move(parts)) {}

  void give(SpawnRequest& spawn, int fd, int child_fd) override;
  [[nodiscard]] Result<void> start() override;
  [[nodiscard]] int fd() const override { return is_gone_ ? -1 : parts_.control.get(); }
  [[nodiscard]] Result<void> hear() override;
  [[nodiscard]] bool runs() const override { return runs_; }
  [[nodiscard]] std::optional<int> exit_code() const override { return code_; }
  [[nodiscard]] bool is_over() const override { return code_ || is_gone_; }
  [[nodiscard]] bool can_be_killed() const override { return true; }
  void kill(const Process* spawned) override;
  [[nodiscard]] Result<std::optional<ExitStatus>> bury(Process* spawned,
                                                       Deadline deadline) override;
  [[nodiscard]] std::optional<Usage> usage() const override { return usage_; }

 private:
  Parts parts_;
  std::array<int, 4> given_{-1, -1, -1, -1};
  bool runs_ = false;
  bool is_gone_ = false;  // the runner hung up: all is dead, or it is
  std::optional<int> code_;
  std::optional<Usage> usage_;
};

/// What an Ending says. \pre the size of one
[[nodiscard]] Usage usage_in(const char* ending, int& code);

}  // namespace swarmlab::sandbox
