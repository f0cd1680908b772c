// Sandboxes of podman: no daemon; as an ordinary user without any rights of root.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "common/os/host.h"
#include "worker/sandbox/cgroup_files.h"
#include "worker/sandbox/container.h"

namespace swarmlab::sandbox {
namespace {

constexpr unsigned kAgent = 1000;
constexpr Milliseconds kPatience{60'000};

// Podman asks for more than a process without CAP_SYS_RESOURCE gets; no sandbox needs that.
std::vector<std::string> limit_words() {
  constexpr rlim_t kEnough = 16'384;
  std::vector<std::string> words;
  for (const auto& [name, resource] :
       {std::pair("nofile", RLIMIT_NOFILE), std::pair("nproc", RLIMIT_NPROC)}) {
    rlimit limit{};
    const bool known = ::getrlimit(resource, &limit) == 0;
    const rlim_t most = known ? std::min(limit.rlim_max, kEnough) : kEnough;
    words.push_back(fmt::format("--ulimit={0}={1}:{1}", name, most));
  }
  return words;
}

// Where podman leaves containers to the user's systemd, they are below that one, not below us.
std::string controllers_of_systemd() {
  return read_small_file(fmt::format(
      "/sys/fs/cgroup/user.slice/user-{0}.slice/user@{0}.service/cgroup.controllers", ::geteuid()));
}

// An ordinary user has the controllers that are delegated to him, and none with cgroup v1: podman
// starts containers without a limit then, or not at all.
Result<HeldLimits> held_limits(const Engine& engine) {
  constexpr std::string_view kMark = "controllers: ";  // there may be warnings around
  SWARMLAB_TRY(told, tell_engine(engine,
                                 {"info", "--format",
                                  "controllers: {{range .Host.CgroupControllers}}{{.}} {{end}}"
                                  "by={{.Host.CgroupManager}}"},
                                 kPatience));
  const std::size_t at = told.find(kMark);
  if (at == std::string::npos) {
    return fail(ErrorCode::unavailable, "podman info: it tells no control groups: {}", told);
  }
  std::string line = told.substr(at, told.find('\n', at) - at);
  if (::geteuid() != 0 && line.ends_with("by=systemd")) line += " " + controllers_of_systemd();
  std::ranges::replace(line, '\n', ' ');
  line += ' ';
  const auto has = [&line](std::string_view controller) {
    return line.find(controller) != std::string::npos;
  };
  return HeldLimits{.memory = has(" memory "), .processes = has(" pids "), .cpus = has(" cpu ")};
}

// Made by `nvidia-ctk cdi generate`.
bool has_cdi_of_gpus() {
  std::error_code error;
  for (const char* const folder : {"/etc/cdi", "/var/run/cdi"}) {
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error)) {
      if (read_small_file(at->path().string()).find("nvidia.com/gpu") != std::string::npos) {
        return true;
      }
    }
    error.clear();
  }
  return false;
}

}  // namespace

Result<Engine> find_podman() {
  const char* path = std::getenv("PATH");
  Engine engine{.name = "podman",
                .program = find_program("podman", std::string(path == nullptr ? "" : path) +
                                                      ":/usr/local/bin:/usr/bin:/bin")};
  if (engine.program.empty()) {
    return fail(ErrorCode::unavailable,
                "podman: it is not on the PATH; install it (apt-get install podman)");
  }
  engine.run_words = {"--read-only-tmpfs=false", "--http-proxy=false", "--systemd=false",
                      "--no-hosts"};
  engine.build_words = limit_words();
  engine.run_words.insert(engine.run_words.end(), engine.build_words.begin(),
                          engine.build_words.end());
  engine.tmpfs_words = ",mode=1777,notmpcopyup";
  engine.user = engine.group = kAgent;
  if (::geteuid() == 0) {
    engine.is_another_user = true;
  } else {
    // We are user 1000 inside, so what we may write, the command may.
    engine.run_words.push_back(fmt::format("--userns=keep-id:uid={0},gid={0}", kAgent));
  }
  SWARMLAB_TRY(held, held_limits(engine));
  engine.holds = held;
  if (has_cdi_of_gpus()) engine.gpus = GpuWay::cdi;
  return engine;
}

Result<std::unique_ptr<Sandbox>> make_podman(const SandboxOptions& options) {
  SWARMLAB_TRY(engine, find_podman());
  return Container::make(std::move(engine), options);
}

}  // namespace swarmlab::sandbox
