#include "coordinator/server/quote.h"

#include <cstdint>

namespace swarmlab::server {
namespace {

struct Decoded {
  std::uint32_t code = 0;
  std::size_t bytes = 1;
  bool sound = false;
};

// The character that a text begins with. \pre  it is not empty
Decoded first_of(std::string_view text) {
  const auto byte = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {.code = lead, .bytes = 1, .sound = true};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {};
  std::uint32_t code = lead & (0xffU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return {};
    code = (code << 6U) | (byte(i) & 0x3fU);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < kLeast[bytes] || code > 0x10ffff || is_surrogate) return {};
  return {.code = code, .bytes = bytes, .sound = true};
}

// Controls of C0 and C1, line and paragraph ends, what has no width or turns the direction around,
// and tags, which carry text that nobody sees.
bool is_unseen(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad || code == 0x61c ||
         (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
         (code >= 0xfff0 && code < 0xfffc) || (code >= 0xe0000 && code <= 0xe0fff);
}

void append_plain(std::string& to, std::string_view text) {
  while (!text.empty()) {
    const Decoded one = first_of(text);
    if (!one.sound) {
      to += '?';
    } else if (is_unseen(one.code)) {
      to += ' ';
    } else {
      to += text.substr(0, one.bytes);
    }
    text.remove_prefix(one.bytes);
  }
}

}  // namespace

std::string shortened(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  std::size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string(text.substr(0, end)) + "...";
}

std::string quoted(std::string_view text, std::size_t limit) {
  std::string line = "\"";
  append_plain(line, shortened(text, limit));
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '"') line[i] = '\'';
    if (line[i] == '`' || line[i] == '|' || line[i] == '<' || line[i] == '>') line[i] = ' ';
  }
  return line + "\"";
}

std::string code_block(std::string_view text, std::size_t limit) {
  constexpr std::string_view kIndent = "    ";
  const bool is_cut = text.size() > limit;
  std::string cut = shortened(text, limit);
  if (is_cut) {  // at a line
    const std::size_t last = cut.rfind('\n');
    cut.resize(last == std::string::npos ? cut.size() : last);
  }
  std::string block;
  for (std::string_view rest = cut; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    block += kIndent;
    append_plain(block, rest.substr(0, end));  // of a tab, as of all controls, a space
    block += '\n';
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  if (is_cut) block += std::string(kIndent) + "(the rest is left out)\n";
  return block;
}

}  // namespace swarmlab::server
