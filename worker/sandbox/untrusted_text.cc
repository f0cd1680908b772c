#include "worker/sandbox/untrusted_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace swarmlab::sandbox {
namespace {

constexpr char kEscape = '\x1B';
constexpr std::size_t kLastLines = 12;
constexpr std::size_t kLastBytes = 2000;

// Takes a terminal escape off, if `text` begins with one: "ESC [ ... letter", "ESC ] ... BEL",
// "ESC x". One that is not finished ends with the line.
bool take_escape(std::string_view& text) {
  if (text.empty() || text.front() != kEscape) return false;
  text.remove_prefix(1);
  if (text.empty()) return true;
  const char kind = text.front();
  if (kind == '\n' || kind == kEscape) return true;
  text.remove_prefix(1);
  if (kind == '[') {
    const auto is_inside = [](char c) { return c >= 0x20 && c < 0x40; };
    while (!text.empty() && is_inside(text.front())) text.remove_prefix(1);
    if (!text.empty() && text.front() >= 0x40 && text.front() < 0x7F) text.remove_prefix(1);
  } else if (kind == ']' || kind == 'P' || kind == '_' || kind == '^') {
    const auto is_inside = [](char c) { return c != '\a' && c != '\n' && c != kEscape; };
    while (!text.empty() && is_inside(text.front())) text.remove_prefix(1);
    if (text.starts_with("\a")) text.remove_prefix(1);
  }
  return true;
}

struct Character {
  std::uint32_t code_point = 0xFFFD;
  std::size_t length = 1;
};

// The code point at the front; U+FFFD for one byte that begins none.
Character character_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return {};
  std::uint32_t code_point = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {};
    code_point = (code_point << 6U) | (byte(i) & 0x3FU);
  }
  const bool overlong =
      (length == 3 && code_point < 0x800) || (length == 4 && code_point < 0x10000);
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (overlong || surrogate || code_point > 0x10FFFF) return {};
  return {code_point, length};
}

bool is_unfit(std::uint32_t code_point) {
  const auto between = [=](std::uint32_t low, std::uint32_t high) {
    return code_point >= low && code_point <= high;
  };
  return between(0, 0x1F) || between(0x7F, 0x9F) || between(0x202A, 0x202E) ||
         between(0x2066, 0x2069) || between(0x200E, 0x200F) || code_point == 0xFEFF;
}

void trim(std::string& text) {
  constexpr const char* kBlank = " \n";
  text.erase(text.find_last_not_of(kBlank) + 1);
  text.erase(0, std::min(text.find_first_not_of(kBlank), text.size()));
}

}  // namespace

std::string clean_text(std::string_view text, std::size_t max_bytes, Lines lines) {
  std::string result;
  while (!text.empty()) {
    if (take_escape(text)) continue;
    const Character next = character_at(text);
    std::string_view bytes = text.substr(0, next.length);
    text.remove_prefix(next.length);
    if (next.code_point == 0xFFFD) {
      bytes = "\xEF\xBF\xBD";
    } else if (bytes == "\n" || bytes == "\r" || next.code_point == 0x2028 ||
               next.code_point == 0x2029) {
      if (bytes == "\r" && text.starts_with("\n")) continue;
      bytes = lines == Lines::keep ? "\n" : " ";
    } else if (bytes == "\t") {
      bytes = " ";
    } else if (is_unfit(next.code_point)) {
      continue;
    }
    const bool leads = result.empty() && (bytes == " " || bytes == "\n");
    if (leads) continue;
    if (result.size() + bytes.size() > max_bytes) break;
    result += bytes;
  }
  trim(result);
  return result;
}

std::string last_lines(std::string_view text) {
  std::string result;
  std::size_t lines = 0;
  while (!text.empty() && lines < kLastLines) {
    const std::size_t end = text.find_last_of("\r\n");
    const std::string_view raw = end == std::string_view::npos ? text : text.substr(end + 1);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(0, end);
    const std::string line = clean_text(raw, kLastBytes, Lines::join);
    if (line.empty()) continue;
    if (result.size() + line.size() + 1 > kLastBytes && !result.empty()) break;
    result = result.empty() ? line : fmt::format("{}\n{}", line, result);
    ++lines;
  }
  return result;
}

std::string describe_failure(std::string_view who, const SandboxResult& result) {
  std::string words = last_lines(result.err);
  if (words.empty()) words = last_lines(result.out);
  return fmt::format("{}: {}{}{}", who, describe(result), words.empty() ? "" : "\n", words);
}

}  // namespace swarmlab::sandbox
