// Follows labs at a coordinator, here or elsewhere: a line for each verdict, what runs now, and at
// the end how it went. For .cc files only: it includes Cap'n Proto.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/run_view.h"
#include "cli/swarm.h"
#include "common/result.h"

namespace swarmlab::cli {

class Follower {
 public:
  /// Both must outlive it.
  explicit Follower(const Context& context) : context_(context), view_(context) {}

  /// From now on, of these labs and of branches that are made of them.
  Result<void> begin(Swarm& swarm, std::vector<std::string> labs);
  /// Shows what happened since; waits a little (a quarter of a second) if nothing did.
  Result<void> show_news();
  /// As of show_news().
  [[nodiscard]] bool all_stopped() const { return all_stopped_; }
  /// Called for each verdict, after its line is shown. An error of it ends show_news().
  void on_verdict(std::function<Result<void>(const std::string& lab, std::uint32_t number)> then) {
    then_ = std::move(then);
  }
  /// Work that is handed back is no news any more: we asked for it.
  void expect_hand_backs() { hand_backs_are_news_ = false; }
  /// Makes room for a line of the caller's.
  void erase() { view_.erase(); }
  /// How it went, at the end. \return  unavailable with the provider's words where a lab stopped
  /// for what only a person can mend
  Result<void> summary();

 private:
  void tell_why_handed_back(schema::EventView::Reader event);
  Result<void> show_verdict(const std::string& lab, std::uint32_t number);
  Result<void> take_in_branches();
  Result<void> show_state();
  [[nodiscard]] bool is_ours(const std::string& lab) const;

  const Context& context_;
  Swarm* swarm_ = nullptr;
  std::vector<std::string> labs_;  // and their branches
  std::function<Result<void>(const std::string& lab, std::uint32_t number)> then_;
  RunView view_;
  std::uint64_t last_event_ = 0;
  bool all_stopped_ = false;
  bool hand_backs_are_news_ = true;
};

}  // namespace swarmlab::cli
