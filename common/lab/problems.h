// All that is wrong with a lab.toml: each with its line, so that a person can mend them at once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace swarmlab {

class Problems {
 public:
  /// \param file  as it stands before each line
  explicit Problems(std::string file) : file_(std::move(file)) {}

  /// \param line  0: of the file as a whole
  void add(int line, std::string message);
  [[nodiscard]] bool empty() const { return found_.empty(); }
  /// "FILE:LINE: message", sorted by line.
  [[nodiscard]] std::vector<std::string> lines() const;
  /// \pre  not empty
  [[nodiscard]] Error error() const;

 private:
  struct Problem {
    int line = 0;
    std::string message;
  };
  std::string file_;
  std::vector<Problem> found_;
};

/// The known name that `name` was probably meant to be; empty: none is near.
[[nodiscard]] std::string_view nearest(std::string_view name,
                                       const std::vector<std::string_view>& known);

}  // namespace swarmlab
