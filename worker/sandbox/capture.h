// Keeps the two ends of an output of any length in bounded memory: how it began, how it ended.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace swarmlab::sandbox {

class OutputCapture {
 public:
  /// A quarter of `limit` is for the beginning, the rest for the end. 0: keeps everything.
  explicit OutputCapture(std::uint64_t limit) : limit_(limit), head_limit_(limit / 4) {}

  void append(std::string_view bytes);
  /// What was kept; between the ends a line that says how many bytes were dropped, if any were.
  [[nodiscard]] std::string text() const;

 private:
  std::uint64_t limit_;
  std::uint64_t head_limit_;
  std::uint64_t dropped_ = 0;
  std::string head_;
  std::string tail_;  // up to twice its share: cutting is then rare
};

}  // namespace swarmlab::sandbox
