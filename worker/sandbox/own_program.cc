#include "worker/sandbox/own_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace swarmlab::sandbox {
namespace {

namespace fs = std::filesystem;

bool is_at_or_below(const std::string& path, const std::string& folder) {
  return path.starts_with(folder) &&
         (path.size() == folder.size() || path[folder.size()] == '/' || folder.ends_with('/'));
}

// The files that are mapped as code: the program and its libraries.
std::vector<std::string> mapped_code() {
  std::vector<std::string> files;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const std::size_t slash = line.find('/');
    if (slash == std::string::npos || line.find("r-xp") == std::string::npos) continue;
    files.push_back(line.substr(slash));
  }
  return files;
}

}  // namespace

std::string own_program(const std::vector<std::string>& exposed, std::string& why) {
  std::error_code error;
  const std::string program = fs::read_symlink("/proc/self/exe", error).string();
  if (error || !fs::is_regular_file(program, error)) {
    why = "the program's file is not there any more";
    return {};
  }
  std::vector<std::string> seen = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt"};
  seen.insert(seen.end(), exposed.begin(), exposed.end());
  for (const std::string& file : mapped_code()) {
    if (file == program) continue;
    if (std::ranges::none_of(seen,
                             [&](const auto& folder) { return is_at_or_below(file, folder); })) {
      why = fmt::format("{}, which it uses, is not visible inside", file);
      return {};
    }
  }
  return program;
}

}  // namespace swarmlab::sandbox
