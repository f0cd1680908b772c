#include "common/lab/score_pattern.h"

#include <algorithm>
#include <iterator>
#include <regex>
#include <utility>

namespace swarmlab {

struct ScorePattern::Compiled {
  std::regex expression;
};

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Of a back-reference or a repetition: "\123", "{123", "{1,123". libstdc++ computes it without
// looking for an overflow.
bool has_long_number(std::string_view pattern) {
  constexpr std::size_t kDigits = 6;
  for (std::size_t at = 1; at < pattern.size(); ++at) {
    if (!is_digit(pattern[at]) || is_digit(pattern[at - 1])) continue;
    const std::size_t end = std::min(pattern.find_first_not_of("0123456789", at), pattern.size());
    std::size_t before = at - 1;
    if (pattern[before] == ',') {
      while (before > 0 && is_digit(pattern[before - 1])) --before;
      if (before > 0) --before;
    }
    const bool counts = pattern[before] == '\\' || pattern[before] == '{';
    if (counts && end - at > kDigits) return true;
  }
  return false;
}

}  // namespace

Result<ScorePattern> ScorePattern::from(const std::string& pattern) {
  constexpr std::size_t kLongest = 1000;
  if (pattern.size() > kLongest) return fail(ErrorCode::invalid_input, "is too long");
  if (has_long_number(pattern)) {
    return fail(ErrorCode::invalid_input, "does not compile: has a number that is too large");
  }
  try {
    // libstdc++'s own flag: without it a search recurses for each byte and may take for ever.
    auto compiled = std::make_shared<const Compiled>(Compiled{std::regex(
        pattern, std::regex_constants::ECMAScript | std::regex_constants::__polynomial)});
    const std::size_t groups = compiled->expression.mark_count();
    if (groups != 1 && groups != 2) {
      return fail(ErrorCode::invalid_input, "has {} groups", groups);
    }
    return ScorePattern(std::move(compiled));
  } catch (const std::regex_error& error) {
    return fail(ErrorCode::invalid_input, "does not compile: {}", error.what());
  }
}

bool ScorePattern::names_metrics() const {
  return compiled_->expression.mark_count() == 2;
}

std::map<std::string, std::string> ScorePattern::named_matches(std::string_view text) const {
  constexpr std::size_t kMostNames = 1000;  // what prints more than that is no table of metrics
  std::map<std::string, std::string> found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view line = text.substr(0, std::min(end, kLineBytes));
    text.remove_prefix(std::min(end + 1, text.size()));
    using Matches = std::regex_iterator<std::string_view::const_iterator>;
    for (Matches match(line.begin(), line.end(), compiled_->expression); match != Matches();
         ++match) {
      const std::string name = (*match)[1].str();
      if (found.size() < kMostNames || found.contains(name)) found[name] = (*match)[2].str();
    }
  }
  return found;
}

std::optional<std::string> ScorePattern::last_match(std::string_view text) const {
  // From the end: the first line with a match has the last match.
  while (!text.empty()) {
    const std::size_t end = text.find_last_of("\r\n");
    std::string_view line = end == std::string_view::npos ? text : text.substr(end + 1);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(0, end);
    line = line.substr(0, kLineBytes);
    std::optional<std::string> last;
    using Matches = std::regex_iterator<std::string_view::const_iterator>;
    for (Matches match(line.begin(), line.end(), compiled_->expression); match != Matches();
         ++match) {
      if ((*match)[1].matched) last = (*match)[1].str();
    }
    if (last) return last;
  }
  return std::nullopt;
}

}  // namespace swarmlab
