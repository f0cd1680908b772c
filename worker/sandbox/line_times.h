// When the lines of an output came, in bounded memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "common/strong_id.h"

namespace swarmlab::sandbox {

class LineTimes {
 public:
  /// More of the output came, at `at` since its beginning.
  void note(std::string_view bytes, Milliseconds at);

  /// When line `line` (from 0) was whole. None: it never was. Of outputs that came in very many
  /// pieces a little late.
  [[nodiscard]] std::optional<Milliseconds> of(std::uint64_t line) const;
  /// Line ends so far.
  [[nodiscard]] std::uint64_t lines() const { return lines_; }

  bool operator==(const LineTimes&) const = default;

 private:
  struct Mark {
    std::uint64_t lines = 0;  // that were whole
    Milliseconds at{0};
    bool operator==(const Mark&) const = default;
  };
  std::vector<Mark> marks_;
  std::uint64_t lines_ = 0;
  std::uint64_t each_ = 1;     // pieces that one mark is for, more and more of them
  std::uint64_t in_last_ = 0;  // of them, in the last mark
};

}  // namespace swarmlab::sandbox
