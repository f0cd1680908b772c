// Hypothesis: splitting a line into all its fields keeps the code simple
// Mechanism: one string a field, whether it is needed or not
#pragma once

#include <string>
#include <string_view>
#include <vector>

inline std::vector<std::string> split(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back().push_back(c);
    }
  }
  return fields;
}

inline std::string amount_of(std::string_view line) {
  const std::vector<std::string> fields = split(line);
  return fields.size() > 3 ? fields[3] : std::string();
}
