#include "cli/predecessors/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <regex>
#include <system_error>

#include "cli/predecessors/text.h"

namespace swarmlab::predecessors {
namespace {

namespace fs = std::filesystem;

void expose(Found& found, const fs::path& path) {
  const std::string text = path.string();
  if (std::ranges::find(found.expose, text) == found.expose.end()) found.expose.push_back(text);
}

bool sandboxes_see(const fs::path& path) {
  constexpr std::array<std::string_view, 4> kShown{"/usr/", "/bin/", "/lib/", "/opt/"};
  const std::string text = path.string();
  return std::ranges::any_of(kShown, [&](std::string_view one) { return text.starts_with(one); });
}

// A virtual environment's python is a link to the one that it was made with.
void expose_interpreter(const fs::path& environment, Found& found) {
  std::error_code error;
  const fs::path real = fs::canonical(environment / "bin" / "python", error);
  if (error || sandboxes_see(real) || real.string().starts_with(environment.string() + "/")) return;
  expose(found, real.parent_path().parent_path());
}

}  // namespace

std::string shell_word(std::string_view text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(text);
  }
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string in_a_copy(const Folder& folder, const std::string& below, Found& found,
                      const std::string& lab) {
  std::string up = ".";
  fs::path to = "lab";
  const fs::path inside = fs::path(folder.inside()) / lab;
  for (const fs::path& part : inside) {
    if (part.empty()) continue;  // after a slash at the end
    up += "/..";
    to /= part;
  }
  std::string text =
      fmt::format("cp -R {}/. \"$SWARMLAB_SCRATCH/lab\" && cd \"$SWARMLAB_SCRATCH\"/{}", up,
                  shell_word(to.generic_string()));
  constexpr std::array<const char*, 3> kInstalled{".venv", "venv", "node_modules"};
  for (const char* name : kInstalled) {
    const fs::path path = folder.place() / lab / name;
    std::error_code ignored;
    if (folder.place().empty() || !fs::is_directory(path, ignored)) continue;
    text += fmt::format(" &&\n  ln -sfn {} {}", shell_word(path.string()), name);
    expose(found, path);
    expose_interpreter(path, found);
  }
  if (!below.empty() && below != ".") text += fmt::format(" &&\n  cd {}", shell_word(below));
  return text + " || exit 1\n";
}

Redirected without_redirection(const std::string& command) {
  static const std::regex kRedirection(R"(^(.*\S)\s*(?:>|&>)\s*([^\s>&|;]+)\s*(?:2>&1)?\s*$)");
  std::smatch match;
  if (!std::regex_match(command, match, kRedirection)) return {trimmed(command), ""};
  return {trimmed(match[1].str()), match[2].str()};
}

}  // namespace swarmlab::predecessors
