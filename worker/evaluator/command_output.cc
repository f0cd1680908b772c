// The output of commands, line by line.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "common/lab/score_pattern.h"
#include "worker/evaluator/output.h"
#include "worker/sandbox/untrusted_text.h"

namespace swarmlab::worker {
namespace {

constexpr std::size_t kLongestShown = 60;

std::string shown(std::string_view text) {
  return sandbox::clean_text(text, kLongestShown, sandbox::Lines::join);
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Letters, digits, "_", ".", and the micro sign.
bool is_metric_name(std::string_view name) {
  constexpr std::string_view kMicro = "\xC2\xB5";
  if (name.empty()) return false;
  while (!name.empty()) {
    const char c = name.front();
    if (name.starts_with(kMicro)) {
      name.remove_prefix(kMicro.size());
      continue;
    }
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '.';
    if (!fine) return false;
    name.remove_prefix(1);
  }
  return true;
}

struct MetricLine {
  std::string_view name;
  std::string_view value;
};

// "METRIC name=value" and nothing else but blanks at the end.
std::optional<MetricLine> metric_line(std::string_view line) {
  constexpr std::string_view kWord = "METRIC";
  if (!line.starts_with(kWord)) return std::nullopt;
  line.remove_prefix(kWord.size());
  if (line.empty() || !is_blank(line.front())) return std::nullopt;
  line = trimmed(line);
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const MetricLine found{line.substr(0, equals), line.substr(equals + 1)};
  const bool one_word = !found.value.empty() && std::ranges::none_of(found.value, is_blank);
  if (!is_metric_name(found.name) || !one_word) return std::nullopt;
  return found;
}

using TextByName = std::map<std::string, std::string>;

TextByName metric_lines(std::string_view out) {
  TextByName found;
  while (!out.empty()) {
    const std::size_t end = out.find_first_of("\r\n");
    if (const auto line = metric_line(out.substr(0, end))) {
      found.insert_or_assign(std::string(line->name), std::string(line->value));
    }
    out.remove_prefix(end == std::string_view::npos ? out.size() : end + 1);
  }
  return found;
}

std::string names_in(const TextByName& found) {
  constexpr std::size_t kMostNames = 10;
  std::vector<std::string> names;
  for (const auto& [name, value] : found) {
    if (names.size() < kMostNames) names.push_back(shown(name));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

/// \pre  the metric is found
Result<Scored> scored_by_name(const std::string& metric, const TextByName& found) {
  const Result<double> score = read_number(found.at(metric));
  if (!score) return fail(ErrorCode::invalid_input, "{} {}", metric, score.error().message);
  Scored scored{.score = *score, .metrics = {}, .samples = {}, .warnings = {}};
  for (const auto& [name, text] : found) {
    if (const Result<double> value = read_number(text)) {
      scored.metrics.push_back({name, *value});
    } else {
      scored.warnings.push_back(
          fmt::format("metric {} {}: left out", shown(name), value.error().message));
    }
  }
  return scored;
}

}  // namespace

Result<double> read_number(std::string_view text) {
  std::string_view digits = trimmed(text);
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
  double value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, value);
  if (digits.empty()) return fail(ErrorCode::invalid_input, "is empty, expected a number");
  const bool is_number = error != std::errc::invalid_argument && stopped == end;
  if (!is_number) {
    return fail(ErrorCode::invalid_input, "is \"{}\", expected a number", shown(text));
  }
  if (error == std::errc::result_out_of_range || !std::isfinite(value)) {
    return fail(ErrorCode::invalid_input, "is {}, expected a finite number", shown(text));
  }
  return value;
}

Result<Scored> read_by_pattern(const std::string& metric, const std::string& pattern,
                               std::string_view out) {
  SWARMLAB_TRY(compiled, ScorePattern::from(pattern));
  if (compiled.names_metrics()) {
    const auto found = compiled.named_matches(out);
    if (found.contains(metric)) return scored_by_name(metric, found);
    return fail(ErrorCode::invalid_input,
                "no line of stdout matches [evaluator] parse '{}' with {} as the name{}{}",
                shown(pattern), metric, found.empty() ? "" : ", only with ", names_in(found));
  }
  const std::optional<std::string> match = compiled.last_match(out);
  if (!match) {
    return fail(ErrorCode::invalid_input, "no line of stdout matches [evaluator] parse '{}'",
                shown(pattern));
  }
  const Result<double> score = read_number(*match);
  if (!score) return fail(ErrorCode::invalid_input, "the score {}", score.error().message);
  return Scored{.score = *score, .metrics = {}, .samples = {}, .warnings = {}};
}

Result<Scored> read_metric_lines(const std::string& metric, std::string_view out) {
  const auto found = metric_lines(out);
  if (found.contains(metric)) return scored_by_name(metric, found);
  return fail(ErrorCode::invalid_input, "no line \"METRIC {}=...\" on stdout{}{}", metric,
              found.empty() ? "" : ", there are METRIC lines of ", names_in(found));
}

std::string whole_lines(std::string_view out, std::uint64_t output_bytes) {
  const std::uint64_t head = output_bytes / 4;
  if (output_bytes == 0 || out.size() <= output_bytes || !out.substr(head).starts_with("\n[... ")) {
    return std::string(out);
  }
  const std::size_t before = out.substr(0, head).find_last_of('\n');
  const std::size_t marker_end = out.find('\n', head + 1);
  const std::size_t after = out.find('\n', std::min(marker_end, out.size() - 1) + 1);
  std::string result(out.substr(0, before == std::string_view::npos ? 0 : before + 1));
  if (after != std::string_view::npos) result += out.substr(after + 1);
  return result;
}

}  // namespace swarmlab::worker
