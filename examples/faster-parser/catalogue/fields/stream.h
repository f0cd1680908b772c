// Hypothesis: a string stream splits the line with less code of our own
// Mechanism: the library's tuned extraction does the work
#pragma once

#include <sstream>
#include <string>
#include <string_view>

inline std::string amount_of(std::string_view line) {
  std::istringstream stream{std::string(line)};
  std::string field;
  bool quoted = false;
  int column = 0;
  for (char c = 0; column <= 3 && stream.get(c);) {
    if (c == '"') quoted = !quoted;
    if (c == ',' && !quoted) {
      ++column;
    } else if (column == 3 && c != '"') {
      field.push_back(c);
    }
  }
  return field;
}
