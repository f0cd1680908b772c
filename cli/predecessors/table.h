// Tables of cells between tabs, as predecessors write them. Private to this room.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace swarmlab::predecessors {

struct TsvTable {
  std::vector<std::string> columns;
  std::vector<std::map<std::string, std::string>> rows;  // by column
};

/// Lines that begin with "#" are left out; cells may be quoted as Python's csv module does it, and
/// then hold tabs and line ends. The last column takes all cells that are too many.
[[nodiscard]] TsvTable read_tsv(std::string_view text);

/// A finite number, or nothing.
[[nodiscard]] std::optional<double> number_in(const std::string& cell);

/// Without tabs and line ends, which would end a cell.
[[nodiscard]] std::string as_cell(std::string_view text);

/// The text, with an end to its last line.
[[nodiscard]] std::string with_line_end(std::string text, std::string_view end = "\n");

}  // namespace swarmlab::predecessors
