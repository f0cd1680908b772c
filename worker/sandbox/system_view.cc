#include "worker/sandbox/system_view.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace swarmlab::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::array kSystemFolders = {"/usr",   "/bin",   "/sbin",   "/lib",
                                       "/lib32", "/lib64", "/libx32", "/opt"};

// What programs look up in /etc and nobody minds to show. No shadow, no keys, no credentials.
constexpr std::array kEtc = {"ld.so.cache", "alternatives", "ssl/certs",  "ssl/openssl.cnf",
                             "localtime",   "fonts",        "mime.types", "protocols",
                             "services",    "os-release"};
constexpr std::array kEtcPrefixes = {"java", "python3."};

constexpr std::string_view kPath = "/usr/local/bin:/usr/bin:/bin";
constexpr std::string_view kPasswd =
    "root:x:0:0:root:/:/bin/false\n"
    "agent:x:1000:1000:agent:/home/agent:/bin/sh\n"
    "nobody:x:65534:65534:nobody:/:/bin/false\n";
constexpr std::string_view kGroup = "root:x:0:\nagent:x:1000:\nnogroup:x:65534:\n";
constexpr std::string_view kHosts = "127.0.0.1 localhost swarmlab\n::1 localhost\n";
// The services that others name here are not reachable from inside.
constexpr std::string_view kNameServices = "passwd: files\ngroup: files\nhosts: files dns\n";

void add_file(SystemView& view, const std::string& path, std::string_view bytes) {
  view.files.push_back({path, std::string(bytes)});
}

void bind_system_folders(SystemView& view) {
  std::error_code error;
  for (const std::string folder : kSystemFolders) {
    if (fs::is_symlink(folder, error)) {
      view.links.push_back({fs::read_symlink(folder, error).string(), folder});
    } else if (fs::is_directory(folder, error) && !fs::is_empty(folder, error)) {
      view.binds.push_back(folder);
    }
  }
}

void show_in_etc(SystemView& view, const std::string& path) {
  constexpr std::uint64_t kSmall = 256UL << 10U;
  std::error_code error;
  const fs::path target = fs::canonical(path, error);
  if (error) return;
  if (fs::is_symlink(path, error) && target.string().starts_with("/usr/")) {
    return view.links.push_back({target.string(), path});
  }
  if (!fs::is_regular_file(target, error) || fs::file_size(target, error) > kSmall) {
    return view.binds.push_back(path);
  }
  std::ifstream file(target, std::ios::binary);
  std::ostringstream bytes;
  if (bytes << file.rdbuf()) add_file(view, path, bytes.str());
}

void show_etc(SystemView& view) {
  std::vector<std::string> names(kEtc.begin(), kEtc.end());
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/etc", error)) {
    const std::string name = entry.path().filename().string();
    for (const std::string_view prefix : kEtcPrefixes) {
      if (name.starts_with(prefix)) names.push_back(name);
    }
  }
  for (const std::string& name : names) show_in_etc(view, "/etc/" + name);
  add_file(view, "/etc/passwd", kPasswd);
  add_file(view, "/etc/group", kGroup);
  add_file(view, "/etc/hosts", kHosts);
  add_file(view, "/etc/nsswitch.conf", kNameServices);
}

Result<void> expose(const std::string& path, SystemView& view) {
  if (!is_absolute_and_plain(path)) {
    return fail(ErrorCode::invalid_input, "--expose {}: expected an absolute path", path);
  }
  std::error_code error;
  if (!fs::exists(path, error)) {
    return fail(ErrorCode::not_found, "--expose {}: there is no such path", path);
  }
  view.exposed.push_back(path);
  const fs::path named(path);
  if (named.filename() == "bin") {
    view.path.append(1, ':').append(path);
  } else if (fs::is_directory(named / "bin", error)) {
    view.path.append(1, ':').append(path).append("/bin");
  }
  return {};
}

}  // namespace

bool is_absolute_and_plain(const std::string& path) {
  return path.starts_with('/') && fs::path(path).lexically_normal() == fs::path(path) &&
         path.find('\0') == std::string::npos;
}

Result<SystemView> view_of_system(const SandboxOptions& options) {
  SystemView view{.path = std::string(kPath)};
  bind_system_folders(view);
  show_etc(view);
  for (const std::string& path : options.expose) SWARMLAB_CHECK(expose(path, view));
  return view;
}

}  // namespace swarmlab::sandbox
