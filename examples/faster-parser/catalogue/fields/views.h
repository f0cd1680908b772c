// Hypothesis: views of the fields are faster than copies
// Mechanism: no allocation and no copy of the characters, only of two words a field
#pragma once

#include <string_view>
#include <vector>

inline std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> fields;
  bool quoted = false;
  size_t begin = 0;
  for (size_t at = 0; at <= line.size(); ++at) {
    if (at < line.size() && line[at] == '"') quoted = !quoted;
    if (at < line.size() && (line[at] != ',' || quoted)) continue;
    fields.push_back(line.substr(begin, at - begin));
    begin = at + 1;
  }
  return fields;
}

inline std::string_view amount_of(std::string_view line) {
  const std::vector<std::string_view> fields = split(line);
  if (fields.size() <= 3) return {};
  std::string_view amount = fields[3];
  if (amount.size() >= 2 && amount.front() == '"') amount = amount.substr(1, amount.size() - 2);
  return amount;
}
