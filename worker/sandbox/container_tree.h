// The tree of a container, by the program of ours that is its first process: it connects, gets the
// command's descriptors, and says how the command ended.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <utility>

#include "worker/sandbox/gate.h"
#include "worker/sandbox/group_usage.h"
#include "worker/sandbox/tree.h"

namespace swarmlab::sandbox {

class ContainerTree final : public Tree {
 public:
  struct Parts {
    UniqueFd listener;  // where the program inside connects, once; does not block
    UniqueFd orders;
    UniqueFd filter;
    bool memory_is_limited = false;
    bool has_group = true;  // of its own: else what it says it used is what all of the machine did
    bool own_kernel = false;  // see Engine
    // Who the command is, where that is another user: its descriptors are made that one's, so that
    // it may open /dev/stderr.
    std::optional<std::pair<unsigned, unsigned>> user = {};
    // Makes what the command may write its own, once more: we may have changed it meanwhile.
    std::function<Result<void>()> prepare;
    std::function<void()> remove;  // the container by its name, if it does not go by itself
  };
  ContainerTree(Parts parts, Gatekeeper& gates, std::size_t gate_count)
      : parts_(std::move(parts)), gates_(gates), gate_count_(gate_count) {}

  void give(SpawnRequest& spawn, int fd, int child_fd) override;
  [[nodiscard]] int fd() const override {
    return control_ ? control_.get() : parts_.listener.get();
  }
  [[nodiscard]] Result<void> hear() override;
  [[nodiscard]] bool runs() const override { return runs_; }
  [[nodiscard]] std::optional<int> exit_code() const override { return code_; }
  [[nodiscard]] bool is_over() const override { return over_; }
  [[nodiscard]] bool can_be_killed() const override { return met_; }
  void kill(const Process* spawned) override;
  [[nodiscard]] Result<std::optional<ExitStatus>> bury(Process* spawned,
                                                       Deadline deadline) override;
  [[nodiscard]] Result<void> hold(bool still) override;
  [[nodiscard]] std::optional<Usage> usage() const override { return usage_; }
  [[nodiscard]] std::vector<pid_t> members() const override;

 private:
  [[nodiscard]] Result<void> meet();
  [[nodiscard]] Result<void> send_orders();
  [[nodiscard]] Result<void> listen();
  void connect(std::size_t gate, char number);
  void blame_the_command();
  void hang_up();

  Parts parts_;
  Gatekeeper& gates_;
  std::size_t gate_count_;
  std::array<int, 4> given_{-1, -1, -1, -1};
  UniqueFd control_;
  pid_t first_ = 0;   // the first process inside; 0: not in our pid namespace
  UniqueFd init_;     // likewise, by its pidfd
  GroupUsage group_;  // of a kernel of its own: inside nothing tells it
  bool met_ = false;
  bool runs_ = false;
  bool over_ = false;
  bool killed_ = false;
  std::optional<int> code_;
  std::optional<Usage> usage_;
};

}  // namespace swarmlab::sandbox
