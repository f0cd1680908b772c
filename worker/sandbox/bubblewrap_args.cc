#include "worker/sandbox/bubblewrap_args.h"

#include "worker/sandbox/supervise.h"

namespace swarmlab::sandbox {
namespace {

using Words = std::vector<std::string>;

constexpr std::uint64_t kSharedMemoryBytes = 1ULL << 30U;  // of /dev/shm; counts as memory too

void add(Words& words, std::initializer_list<std::string> more) {
  words.insert(words.end(), more);
}

std::string fd_of(BwrapFd fd) {
  return std::to_string(static_cast<int>(fd));
}

void add_mount(Words& words, const Mount& mount) {
  if (mount.kind == Mount::Kind::empty) {
    if (mount.bytes > 0) add(words, {"--size", std::to_string(mount.bytes)});
    add(words, {"--tmpfs", mount.inside});
    return;
  }
  const bool writable = mount.kind == Mount::Kind::read_write;
  add(words, {writable ? "--bind" : "--ro-bind", mount.host, mount.inside});
}

void add_environment(Words& words, const SystemView& system, const SandboxRequest& request) {
  std::string path;
  for (const std::string& folder : request.path_first) path += folder + ":";
  path += system.path;
  add(words, {"--clearenv", "--setenv", "PATH", path, "--setenv", "HOME", "/home/agent"});
  add(words, {"--setenv", "LANG", "C.UTF-8", "--setenv", "TMPDIR", "/tmp"});
  for (const auto& [name, value] : request.env) {
    add(words, {"--setenv", name, value});
  }
}

void add_system(Words& words, const SystemView& system) {
  for (const auto& link : system.links) add(words, {"--symlink", link.target, link.path});
  for (const std::string& path : system.binds) add(words, {"--ro-bind", path, path});
  int fd = kFirstFileFd;
  for (const auto& file : system.files) {
    add(words, {"--perms", "0644", "--file", std::to_string(fd++), file.path});
  }
  for (const std::string& path : system.exposed) add(words, {"--ro-bind", path, path});
}

Words isolation(bool disable_user_namespaces) {
  Words words = {"--unshare-all",
                 "--unshare-user",
                 "--die-with-parent",
                 "--new-session",
                 "--cap-drop",
                 "ALL",
                 "--uid",
                 "1000",
                 "--gid",
                 "1000",
                 "--hostname",
                 "swarmlab",
                 "--seccomp",
                 fd_of(BwrapFd::seccomp),
                 "--json-status-fd",
                 fd_of(BwrapFd::status)};
  if (disable_user_namespaces) words.emplace_back("--disable-userns");
  return words;
}

}  // namespace

Result<Words> bubblewrap_args(const SystemView& system, const SandboxRequest& request,
                              const GpuDevices& devices, bool disable_user_namespaces) {
  SWARMLAB_CHECK(check_request(request));
  Words words = isolation(disable_user_namespaces);
  // Until its gates are open, the command does not start.
  if (!request.gates.empty()) add(words, {"--block-fd", fd_of(BwrapFd::block)});
  const std::string tmp_size = std::to_string(request.tmp_bytes);
  const auto temporary = [&](const char* mode, const char* folder) {
    if (request.tmp_bytes > 0) add(words, {"--size", tmp_size});
    add(words, {"--perms", mode, "--tmpfs", folder});
  };
  add(words, {"--proc", "/proc", "--dev", "/dev"});
  for (const GpuDevices::File& file : devices.files) {
    add(words, {"--dev-bind", file.host, file.inside});
  }
  add(words, {"--size", std::to_string(kSharedMemoryBytes), "--perms", "1777"});
  add(words, {"--tmpfs", "/dev/shm", "--dir", "/run", "--dir", "/var"});
  temporary("1777", "/tmp");
  temporary("0755", "/home/agent");
  add(words, {"--symlink", "../tmp", "/var/tmp"});
  add_system(words, system);
  for (const Mount& mount : request.mounts) add_mount(words, mount);
  add_environment(words, system, request);
  // Last, when all mount points are made. /proc too: started by root, we are root to the kernel's
  // settings in /proc/sys, and bubblewrap leaves those writable. Whoever may set core_pattern there
  // has programs run outside, with all rights.
  add(words, {"--remount-ro", "/proc", "--remount-ro", "/dev", "--remount-ro", "/"});
  add(words, {"--chdir", request.folder});
  return words;
}

}  // namespace swarmlab::sandbox
