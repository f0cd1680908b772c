#include "cli/predecessors/table.h"

#include <charconv>
#include <cmath>

#include "cli/predecessors/text.h"

namespace swarmlab::predecessors {
namespace {

// Takes a line of cells off `text`.
std::vector<std::string> take_cells(std::string_view& text) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    const bool doubled = quoted && c == '"' && at + 1 < text.size() && text[at + 1] == '"';
    if (doubled) {
      cells.back().push_back('"');
      ++at;
    } else if (c == '"' && (quoted || cells.back().empty())) {
      quoted = !quoted;
    } else if (c == '\t' && !quoted) {
      cells.emplace_back();
    } else if (c == '\n' && !quoted) {
      break;
    } else {
      cells.back().push_back(c);
    }
  }
  text.remove_prefix(std::min(at + 1, text.size()));
  if (cells.back().ends_with('\r')) cells.back().pop_back();
  return cells;
}

}  // namespace

TsvTable read_tsv(std::string_view text) {
  TsvTable table;
  while (!text.empty()) {
    const bool is_comment = text.front() == '#' && table.columns.empty();
    std::vector<std::string> cells = take_cells(text);
    const bool is_blank = cells.size() == 1 && trimmed(cells.front()).empty();
    if (is_comment || is_blank) continue;
    if (table.columns.empty()) {
      for (const std::string& cell : cells) table.columns.push_back(trimmed(cell));
      continue;
    }
    std::map<std::string, std::string> row;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string& column = table.columns[std::min(i, table.columns.size() - 1)];
      row[column] += (i >= table.columns.size() ? "\t" : "") + cells[i];
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::optional<double> number_in(const std::string& cell) {
  std::string text = trimmed(cell);
  if (text.starts_with('+')) text.erase(0, 1);
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stopped != end || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::string as_cell(std::string_view text) {
  std::string cell(text);
  for (char& c : cell) {
    if (c == '\t' || c == '\n' || c == '\r') c = ' ';
  }
  return trimmed(cell);
}

std::string with_line_end(std::string text, std::string_view end) {
  if (!text.empty() && text.back() != '\n') text += end;
  return text;
}

}  // namespace swarmlab::predecessors
