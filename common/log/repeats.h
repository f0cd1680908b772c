// Lines that come again and again: a few of them are written, then only how many there were. So a
// peer that sends garbage all night fills no disk, and what else is said can still be found.
// Not thread-safe; the time comes in.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/log/log.h"

namespace swarmlab::log {

struct Line {
  Level level = Level::info;
  std::string text;
  std::vector<Field> fields;
  bool operator==(const Line&) const = default;
};

class Repeats {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kWindow{10};
  static constexpr std::uint32_t kWritten = 5;  // of the same line, in a window

  /// Whether the line is to be written. Lines that it does not remember (it remembers few) are.
  [[nodiscard]] bool passes(const Line& line, Time now);
  /// The lines that were not written and whose window is over: each with "... repeated N times in
  /// 10 s" and a field that says so.
  [[nodiscard]] std::vector<Line> over(Time now);

 private:
  struct Slot {
    Line line;
    Time since;
    std::uint32_t count = 0;
  };
  static constexpr std::size_t kSlots = 256;
  std::array<Slot, kSlots> slots_;  // by the hash of the text
  std::uint32_t silenced_ = 0;      // slots with a line that was not written
};

}  // namespace swarmlab::log
