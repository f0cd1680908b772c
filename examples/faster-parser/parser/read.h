// Hypothesis: reading all lines first keeps the code simple
// Mechanism: one string a line, held until the end
#pragma once

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

template <typename Visit>
void for_each_line(const char* path, Visit visit) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) lines.push_back(line);
  for (const std::string& one : lines) visit(std::string_view(one));
}
