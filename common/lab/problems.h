// All that is wrong with a lab's settings: each with its file and line, so that a person can mend
// them at once.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace swarmlab {

// Where something was written: settings come from a lab's own file and from those above it.
struct Place {
  int file = 0;  // among the sources of Problems; 0: the lab's own
  int line = 0;  // 0: of the file as a whole, or not written at all
  auto operator<=>(const Place&) const = default;
  [[nodiscard]] bool known() const { return line != 0; }
};

class Problems {
 public:
  struct Source {
    std::string name;       // as it stands before each line
    bool has_lines = true;  // false: it is all on one, such as a flag
  };

  explicit Problems(std::vector<Source> sources) : sources_(std::move(sources)) {}

  void add(Place place, std::string message);
  [[nodiscard]] bool empty() const { return found_.empty(); }
  /// "FILE:LINE: message", sorted by file and line.
  [[nodiscard]] std::vector<std::string> lines() const;
  /// \pre  not empty
  [[nodiscard]] Error error() const;

  /// "FILE:LINE".
  [[nodiscard]] std::string shown(Place place) const;
  /// None yet, of the same sources.
  [[nodiscard]] Problems none() const { return Problems(sources_); }

 private:
  struct Problem {
    Place place;
    std::string message;
  };
  std::vector<Source> sources_;
  std::vector<Problem> found_;
};

/// The known name that `name` was probably meant to be; empty: none is near.
[[nodiscard]] std::string_view nearest(std::string_view name,
                                       const std::vector<std::string_view>& known);

}  // namespace swarmlab
