#include "cli/table.h"

#include <algorithm>
#include <ostream>

#include "cli/text.h"
#include "common/result.h"

namespace swarmlab::cli {

namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 12;  // a flexible column is not cut below this

std::string_view code_of(Paint paint) {
  switch (paint) {
    case Paint::none:
      return "";
    case Paint::dim:
      return "\x1b[2m";
    case Paint::bold:
      return "\x1b[1m";
    case Paint::good:
      return "\x1b[32m";
    case Paint::bad:
      return "\x1b[31m";
    case Paint::warn:
      return "\x1b[33m";
  }
  return "";
}

struct Line {
  std::string text;
  std::size_t pending = 0;  // spaces that are only written before more text: no line ends in them

  void put(const std::string& plain, std::size_t width, bool right, Paint paint, bool color) {
    const std::size_t blank = width - std::min(width, columns_of(plain));
    if (right) pending += blank;
    if (!plain.empty()) {
      text.append(pending, ' ');
      pending = 0;
      text += painted(plain, paint, color);
    }
    pending += kGap + (right ? 0 : blank);
  }
};

}  // namespace

std::string painted(std::string_view text, Paint paint, bool color) {
  if (!color || paint == Paint::none || text.empty()) return std::string(text);
  return std::string(code_of(paint)) + std::string(text) + "\x1b[0m";
}

void Table::add(std::vector<Cell> row) {
  SWARMLAB_ASSERT(row.size() == columns_.size());
  rows_.push_back(std::move(row));
}

std::vector<std::size_t> Table::widths(std::size_t width) const {
  std::vector<std::size_t> result;
  std::size_t total = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t widest = columns_of(columns_[i].header);
    for (const auto& row : rows_) widest = std::max(widest, columns_of(row[i].text));
    result.push_back(widest);
    total += widest + (i == 0 ? 0 : kGap);
  }
  if (width == 0 || total <= width) return result;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!columns_[i].flexible) continue;
    const std::size_t rest = total - result[i];
    result[i] = std::min(result[i], std::max(kNarrowest, width > rest ? width - rest : 0));
  }
  return result;
}

void Table::print(std::ostream& out, bool color, std::size_t width) const {
  const std::vector<std::size_t> fits = widths(width);
  const auto is_right = [this](std::size_t i) { return columns_[i].align == Column::Align::right; };
  Line header;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    header.put(columns_[i].header, fits[i], is_right(i), Paint::dim, color);
  }
  out << header.text << '\n';
  for (const auto& row : rows_) {
    Line line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const std::string text = columns_[i].flexible ? cut(row[i].text, fits[i]) : row[i].text;
      line.put(text, fits[i], is_right(i), row[i].paint, color);
    }
    out << line.text << '\n';
  }
}

}  // namespace swarmlab::cli
