// Values that must not leave an attempt, and texts without them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace swarmlab::worker {

/// Immutable once filled; then thread-safe.
class Secrets {
 public:
  // A shorter one is in any text by chance.
  static constexpr std::size_t kShortest = 8;
  static constexpr std::string_view kMark = "[redacted]";

  /// Shorter ones than kShortest are not kept.
  void add(std::string value);
  [[nodiscard]] bool empty() const { return values_.empty(); }
  /// Whether one of them is in it, as it is: no encoding is undone.
  [[nodiscard]] bool are_in(std::string_view text) const;
  /// Also what a cut left of one at the ends of the text, and beside "[... N bytes dropped ...]".
  [[nodiscard]] std::string redacted(std::string text) const;
  [[nodiscard]] const std::vector<std::string>& values() const { return values_; }

 private:
  void redact_cut(std::string& text) const;

  std::vector<std::string> values_;  // the longest first: one may be a part of another
};

}  // namespace swarmlab::worker
