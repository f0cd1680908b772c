#include "common/lab/paths.h"

#include <vector>

namespace swarmlab {
namespace {

constexpr std::string_view kGlobCharacters = "*?[]\\";

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> components;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    components.push_back(path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return components;
}

bool has_control(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return true;
  }
  return false;
}

Result<std::string> resolve(std::string_view path, std::string_view folder, bool is_glob) {
  if (path.empty()) return fail(ErrorCode::invalid_input, "is empty");
  if (path.front() == '/') return fail(ErrorCode::invalid_input, "is absolute");
  if (has_control(path)) return fail(ErrorCode::invalid_input, "has control characters");
  std::vector<std::string_view> components = split(folder);
  const std::size_t given = components.size();  // of the folder: wildcards in them are escaped
  for (const std::string_view component : split(path)) {
    if (component.empty() || component == ".") continue;
    if (component != "..") {
      components.push_back(component);
      continue;
    }
    if (components.empty()) return fail(ErrorCode::invalid_input, "leaves the repository");
    if (is_glob && components.size() > given &&
        components.back().find_first_of("*?[") != std::string_view::npos) {
      return fail(ErrorCode::invalid_input, "has a .. after a wildcard");
    }
    components.pop_back();
  }
  std::string result;
  for (const std::string_view component : components) result = join(result, component);
  return result;
}

}  // namespace

std::string join(std::string_view folder, std::string_view path) {
  std::string result(folder);
  if (!folder.empty() && !path.empty()) result += '/';
  return result.append(path);
}

std::string escape_glob(std::string_view path) {
  std::string result;
  for (const char c : path) {
    if (kGlobCharacters.find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

Result<std::string> to_repository(std::string_view path, const std::string& folder) {
  return resolve(path, folder, false);
}

Result<std::string> glob_to_repository(std::string_view glob, const std::string& folder) {
  SWARMLAB_TRY(result, resolve(glob, escape_glob(folder), true));
  return result.empty() ? std::string("**") : result;
}

}  // namespace swarmlab
