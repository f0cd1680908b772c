// The regular expression of [evaluator] parse: ECMAScript. With one group, which is the score; or
// with two, the name of a metric and its value.
//
// It reads what a candidate printed, so it must not be possible to hang or crash on any text: it is
// matched in polynomial time (so there are no back-references), line by line, and only the first
// kLineBytes of a line count. Alternatives take the longest match.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace swarmlab {

class ScorePattern {
 public:
  static constexpr std::size_t kLineBytes = 8192;

  /// \return invalid_input with why it is no such expression
  [[nodiscard]] static Result<ScorePattern> from(const std::string& pattern);

  /// Group 1 of the last match. Lines end at LF and at CR, so that "^" and "$" work in the output
  /// of progress bars too. Nothing if no line matches.
  [[nodiscard]] std::optional<std::string> last_match(std::string_view text) const;

  /// Whether it has two groups, so that a match says which metric it is of.
  [[nodiscard]] bool names_metrics() const;

  /// Value by name; the last of a name. \pre  names_metrics()
  [[nodiscard]] std::map<std::string, std::string> named_matches(std::string_view text) const;

 private:
  struct Compiled;
  explicit ScorePattern(std::shared_ptr<const Compiled> compiled)
      : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace swarmlab
