// What bubblewrap says of a run (--json-status-fd): which process holds the tree, how it ended.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace swarmlab::sandbox {

class StatusReader {
 public:
  void read(std::string_view bytes) {
    // Honest reports have some 300 bytes. The command inside cannot write here.
    if (text_.size() < kMostBytes) text_.append(bytes);
  }
  /// In our pid namespace. Nothing as long as it was not said.
  [[nodiscard]] std::optional<pid_t> child() const { return number("\"child-pid\":"); }
  /// Nothing if the command was never started.
  [[nodiscard]] std::optional<int> exit_code() const { return number("\"exit-code\":"); }

 private:
  static constexpr std::size_t kMostBytes = 64UL << 10U;
  [[nodiscard]] std::optional<int> number(std::string_view key) const;
  std::string text_;
};

}  // namespace swarmlab::sandbox
