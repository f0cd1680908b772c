// Hypothesis: reading character by character saves looking for the line's end
// Mechanism: each byte is touched once
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

template <typename Visit>
void for_each_line(const char* path, Visit visit) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) return;
  std::string line;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) {
    if (c == '\n') {
      visit(std::string_view(line));
      line.clear();
    } else {
      line.push_back(static_cast<char>(c));
    }
  }
  if (!line.empty()) visit(std::string_view(line));
  std::fclose(file);
}
