#include "cli/predecessors/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <regex>

namespace swarmlab::predecessors {
namespace {

constexpr std::string_view kBlanks = " \t\r\v\f";
constexpr std::size_t kLongestLine = 4096;  // longer ones are no instructions

// 0: no heading.
std::size_t level_of(const std::string& line) {
  const std::size_t level = std::min(line.find_first_not_of('#'), line.size());
  return level > 0 && level < line.size() && line[level] == ' ' ? level : 0;
}

bool is_fence(const std::string& line) {
  return trimmed(line).starts_with("```");
}

bool looks_like_a_path(const std::string& word) {
  return !word.empty() && word.find_first_of(" <>|\"'$`") == std::string::npos &&
         word.find("://") == std::string::npos;
}

}  // namespace

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back({lines.size() + 1, std::string(line)});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(kBlanks) - first + 1));
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) {
    return static_cast<char>(c < 0x80U ? std::tolower(c) : c);
  });
  return lower;
}

std::optional<Line> first_match(const std::vector<Line>& lines, const std::string& pattern) {
  const std::regex expression(pattern, std::regex::ECMAScript | std::regex::icase);
  std::smatch match;
  for (const Line& line : lines) {
    if (line.text.size() > kLongestLine || !std::regex_search(line.text, match, expression)) {
      continue;
    }
    return Line{line.number, match[match.size() > 1 ? 1 : 0].str()};
  }
  return std::nullopt;
}

std::vector<Line> section(const std::vector<Line>& lines, std::string_view title) {
  const std::string wanted = lower_case(title);
  std::vector<Line> found;
  std::size_t level = 0;
  bool fenced = false;
  for (const Line& line : lines) {
    if (is_fence(line.text)) fenced = !fenced;
    const std::size_t own = fenced ? 0 : level_of(line.text);
    if (level > 0 && own > 0 && own <= level) return found;
    if (level > 0) found.push_back(line);
    const bool begins =
        level == 0 && own > 0 && lower_case(line.text).find(wanted) != std::string::npos;
    if (begins) level = own;
  }
  return found;
}

std::vector<Line> code_block(const std::vector<Line>& lines) {
  std::vector<Line> block;
  bool fenced = false;
  for (const Line& line : lines) {
    if (is_fence(line.text)) {
      if (fenced) return block;
      fenced = true;
    } else if (fenced) {
      block.push_back(line);
    }
  }
  return block;
}

std::vector<Line> listed_paths(const std::vector<Line>& lines) {
  static const std::regex kItem(R"(^\s*(?:[-*+]|\d+[.)])\s+(?:\*\*)?(?:`([^`]+)`|([^\s:,]+)))");
  std::vector<Line> paths;
  std::smatch match;
  for (const Line& line : lines) {
    if (line.text.size() > kLongestLine || !std::regex_search(line.text, match, kItem)) continue;
    std::string path = trimmed(match[1].matched ? match[1].str() : match[2].str());
    const bool is_sure = match[1].matched || path.find_first_of("./*") != std::string::npos;
    if (is_sure && looks_like_a_path(path)) paths.push_back({line.number, std::move(path)});
  }
  return paths;
}

std::vector<Line> that_name_files(const Folder& folder, std::vector<Line> paths) {
  std::erase_if(paths, [&](const Line& line) {
    const bool is_there = std::ranges::any_of(folder.paths(), [&](const std::string& path) {
      return path == line.text || path.starts_with(line.text + "/");
    });
    return !is_there && line.text.find_first_of("./*") == std::string::npos;
  });
  return paths;
}

std::string place(std::string_view file, std::size_t line) {
  return line == 0 ? std::string(file) : fmt::format("{}:{}", file, line);
}

std::string place(std::string_view file, const std::vector<Line>& lines) {
  if (lines.empty()) return std::string(file);
  if (lines.size() == 1) return place(file, lines.front().number);
  const auto [first, last] = std::ranges::minmax(lines, {}, &Line::number);
  return fmt::format("{}:{}-{}", file, first.number, last.number);
}

std::optional<std::string> direction_in(std::string_view text) {
  const std::string lower = lower_case(text);
  const auto says = [&](const char* word) { return lower.find(word) != std::string::npos; };
  if (says("lower is better") || says("lower_is_better") || says("lower = better") ||
      says("minimi") || says("lowest")) {
    return "minimize";
  }
  if (says("higher is better") || says("higher_is_better") || says("higher = better") ||
      says("maximi") || says("highest")) {
    return "maximize";
  }
  if (trimmed(lower) == "lower") return "minimize";
  if (trimmed(lower) == "higher") return "maximize";
  return std::nullopt;
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(at);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace swarmlab::predecessors
