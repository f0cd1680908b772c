// Aligned columns for people: text to the left, numbers to the right, the widest text column cut to
// fit the terminal. Pure but for the stream it prints to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace swarmlab::cli {

enum class Paint : std::uint8_t { none, dim, bold, good, bad, warn };

/// `text`, with the terminal codes of `paint` around it if `color`.
[[nodiscard]] std::string painted(std::string_view text, Paint paint, bool color);

struct Column {
  std::string header;
  enum class Align : std::uint8_t { left, right } align = Align::left;
  bool flexible = false;  // is cut when the table is too wide; at most one column
};

struct Cell {
  std::string text;  // one line of plain text
  Paint paint = Paint::none;
  Cell(std::string value, Paint with = Paint::none)  // NOLINT(google-explicit-constructor)
      : text(std::move(value)), paint(with) {}
  Cell(const char* value) : text(value) {}  // NOLINT(google-explicit-constructor)
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// \pre  one cell a column
  void add(std::vector<Cell> row);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// `width`: of the terminal; 0: nothing is cut.
  void print(std::ostream& out, bool color, std::size_t width) const;

 private:
  [[nodiscard]] std::vector<std::size_t> widths(std::size_t width) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace swarmlab::cli
