// Hypothesis: taking the whole file into one string through a stream beats reading it by lines
// Mechanism: one allocation instead of one a line
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

template <typename Visit>
void for_each_line(const char* path, Visit visit) {
  std::stringstream buffer;
  buffer << std::ifstream(path).rdbuf();
  const std::string content = buffer.str();
  std::string_view rest = content;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    visit(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
}
