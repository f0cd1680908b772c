#include "cli/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace swarmlab::cli {

namespace {

using std::chrono::microseconds;

bool continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// The length of the valid UTF-8 sequence that starts at `text[at]`; 0: there is none. C1 control
// characters count as none: some terminals act on them.
std::size_t sequence_at(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t length = lead < 0x80U                    ? 1
                             : lead >= 0xC2U && lead < 0xE0U ? 2
                             : lead >= 0xE0U && lead < 0xF0U ? 3
                             : lead >= 0xF0U && lead < 0xF5U ? 4
                                                             : 0;
  if (length == 0 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(text[at + i])) return 0;
  }
  const auto second = length > 1 ? static_cast<unsigned char>(text[at + 1]) : 0U;
  if (lead == 0xC2U && second < 0xA0U) return 0;                                         // C1
  if ((lead == 0xE0U && second < 0xA0U) || (lead == 0xF0U && second < 0x90U)) return 0;  // overlong
  if ((lead == 0xEDU && second >= 0xA0U) || (lead == 0xF4U && second >= 0x90U)) return 0;
  return length;
}

bool is_control(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return value < 0x20U || value == 0x7FU;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return !continues(byte); }));
}

std::string cut(std::string_view text, std::size_t columns) {
  if (columns == 0 || columns_of(text) <= columns) return std::string(text);
  std::size_t end = 0;
  for (std::size_t shown = 0; shown + 1 < columns; ++shown) {
    ++end;
    while (end < text.size() && continues(text[end])) ++end;
  }
  while (end > 0 && text[end - 1] == ' ') --end;
  return std::string(text.substr(0, end)) + "…";
}

std::string plain_text(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_at(text, at);
    const bool kept_as_it_is =
        length > 0 && (!is_control(text[at]) || text[at] == '\n' || text[at] == '\t');
    const bool carriage_return_of_a_line_end =
        text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n';
    if (kept_as_it_is) {
      plain.append(text.substr(at, length));
    } else if (!carriage_return_of_a_line_end) {
      plain.push_back(text[at] == '\r' ? '\n' : ' ');
    }
    at += std::max<std::size_t>(length, 1);
  }
  return plain;
}

std::string one_line(std::string_view text) {
  std::string line;
  for (const char byte : plain_text(text)) {
    const bool space = byte == ' ' || byte == '\n' || byte == '\t';
    if (space && (line.empty() || line.back() == ' ')) continue;
    line.push_back(space ? ' ' : byte);
  }
  if (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

std::string ago(Timestamp then, Timestamp now) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - then).count();
  if (seconds < 2) return "just now";  // a clock of another machine may be ahead, too
  if (seconds < 120) return fmt::format("{} s ago", seconds);
  if (seconds < 2 * 3600) return fmt::format("{} min ago", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{} h ago", seconds / 3600);
  return fmt::format("{} d ago", seconds / 86400);
}

std::string duration_text(microseconds took) {
  const double ms = static_cast<double>(took.count()) / 1000.0;
  if (ms < 9.95) return fmt::format("{:.1f} ms", ms);
  if (ms < 999.5) return fmt::format("{:.0f} ms", ms);
  const auto seconds = static_cast<long long>(std::llround(ms / 1000.0));
  if (ms < 59'950) return fmt::format("{:.1f} s", ms / 1000.0);
  if (seconds < 3600) return fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{} h {:02} min", seconds / 3600, seconds % 3600 / 60);
  return fmt::format("{} d {:02} h", seconds / 86400, seconds % 86400 / 3600);
}

std::string score_text(std::optional<double> score) {
  if (!score) return "-";
  return fmt::format("{:.6g}", *score);
}

std::string usd_text(MicroUsd cost) {
  if (cost.value() == 0) return "-";
  const double usd = static_cast<double>(cost.value()) / 1e6;
  return std::fabs(usd) < 0.995 ? fmt::format("${:.3f}", usd) : fmt::format("${:.2f}", usd);
}

std::string rounded_text(double value) {
  return std::fabs(value) < 9.95 ? fmt::format("{:.2g}", value) : fmt::format("{:.0f}", value);
}

std::string change_text(double before, double after) {
  if (before == 0.0) return "";
  const double percent = (after - before) / std::fabs(before) * 100.0;
  if (percent == 0.0) return "0 %";
  return std::fabs(percent) < 1.0 ? fmt::format("{:+.2g} %", percent)
                                  : fmt::format("{:+.1f} %", percent);
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace swarmlab::cli
