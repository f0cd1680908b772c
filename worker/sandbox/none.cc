// No sandbox: for machines or pods that are themselves the boundary.
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "worker/sandbox/cgroup.h"
#include "worker/sandbox/sandbox.h"
#include "worker/sandbox/supervise.h"
#include "worker/sandbox/system_view.h"

namespace swarmlab::sandbox {
namespace {

// A folder of this run alone, with all that the sandbox would have made empty; removed at the end.
class PrivateFolder {
 public:
  static Result<PrivateFolder> make() {
    std::error_code error;
    std::string path = (std::filesystem::temp_directory_path(error) / "swarmlab-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) {
      return fail(ErrorCode::unavailable, "{}: {}", path, std::strerror(errno));
    }
    return PrivateFolder(std::move(path));
  }
  PrivateFolder(PrivateFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  PrivateFolder& operator=(PrivateFolder&&) = delete;
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  ~PrivateFolder() {
    std::error_code ignored;  // nobody can act on it, and the name is never used again
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }

  /// Makes a folder in it.
  [[nodiscard]] Result<std::string> add(const std::string& name) const {
    std::string path = path_ + "/" + name;
    if (::mkdir(path.c_str(), 0700) != 0) {
      return fail(ErrorCode::unavailable, "{}: {}", path, std::strerror(errno));
    }
    return path;
  }

 private:
  explicit PrivateFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Which host path stands for which inside path; the longest inside path that fits counts.
class Places {
 public:
  void add(std::string inside, std::string host) {
    places_.emplace_back(std::move(inside), std::move(host));
  }
  [[nodiscard]] std::string on_host(const std::string& text) const {
    const std::pair<std::string, std::string>* best = nullptr;
    for (const auto& place : places_) {
      const std::string& inside = place.first;
      const bool fits =
          text.starts_with(inside) && (text.size() == inside.size() || text[inside.size()] == '/');
      if (fits && (best == nullptr || inside.size() >= best->first.size())) best = &place;
    }
    return best == nullptr ? text : best->second + text.substr(best->first.size());
  }

 private:
  std::vector<std::pair<std::string, std::string>> places_;
};

Result<Places> places_of(const SandboxRequest& request, const PrivateFolder& folder) {
  Places places;
  SWARMLAB_TRY(tmp, folder.add("tmp"));
  SWARMLAB_TRY(home, folder.add("home"));
  places.add("/tmp", tmp);
  places.add("/home/agent", home);
  for (const Mount& mount : request.mounts) {
    std::string host = mount.host;
    if (mount.kind == Mount::Kind::empty) {
      std::string name = mount.inside;
      std::replace(name.begin(), name.end(), '/', '_');
      SWARMLAB_TRY(made, folder.add(name));
      host = made;
    }
    places.add(mount.inside, host);
  }
  return places;
}

std::vector<std::string> environment_of(const SandboxRequest& request, const SystemView& system,
                                        const Places& places) {
  std::vector<std::string> env = {"LANG=C.UTF-8"};
  const auto named = [&](std::string_view name) {
    return std::any_of(request.env.begin(), request.env.end(),
                       [&](const auto& variable) { return variable.first == name; });
  };
  std::string path;
  // A file that is mounted there has its folder on the host.
  for (const std::string& folder : request.path_first) {
    for (const Mount& mount : request.mounts) {
      if (mount.inside.starts_with(folder + "/")) {
        path += std::filesystem::path(mount.host).parent_path().string() + ":";
      }
    }
  }
  if (!named("PATH")) env.push_back("PATH=" + path + system.path);
  if (!named("HOME")) env.push_back("HOME=" + places.on_host("/home/agent"));
  if (!named("TMPDIR")) env.push_back("TMPDIR=" + places.on_host("/tmp"));
  for (const auto& [name, value] : request.env) {
    env.push_back(fmt::format("{}={}", name, places.on_host(value)));
  }
  return env;
}

// The spawned process is the command, and its group the tree.
class BareTree final : public Tree {
 public:
  void give(SpawnRequest& spawn, int fd, int child_fd) override {
    spawn.fds.push_back({fd, child_fd});
  }
  [[nodiscard]] int fd() const override { return -1; }
  [[nodiscard]] Result<void> hear() override { return {}; }
  [[nodiscard]] bool runs() const override { return true; }
  [[nodiscard]] std::optional<int> exit_code() const override { return std::nullopt; }
  [[nodiscard]] bool is_over() const override { return false; }
  [[nodiscard]] bool is_spawned() const override { return true; }
  [[nodiscard]] bool can_be_killed() const override { return true; }
  void kill(const Process* spawned) override { spawned->kill_group(SIGKILL); }
  [[nodiscard]] Result<std::optional<ExitStatus>> bury(Process* spawned,
                                                       Deadline deadline) override {
    kill(spawned);
    return spawned->wait(deadline);
  }
};

class None final : public Sandbox {
 public:
  None(SystemView system, CgroupAbilities cgroups)
      : system_(std::move(system)), cgroups_(std::move(cgroups)) {}

  [[nodiscard]] Result<SandboxResult> run(const SandboxRequest& request,
                                          const CancelToken& cancel) override {
    SWARMLAB_CHECK(check_driver(request, name()));
    SWARMLAB_TRY(folder, PrivateFolder::make());
    SWARMLAB_TRY(places, places_of(request, folder));
    SWARMLAB_TRY(group, Cgroup::make(cgroups_, request.limits));
    Job job{.request = &request, .cgroup = cgroups_.version == 0 ? nullptr : &group};
    Gatekeeper gates(request.gates);
    SWARMLAB_CHECK(gates.open_here());
    job.gates = &gates;
    BareTree tree;
    job.tree = &tree;
    job.spawn.argv = shell_words(request, !cgroups_.processes.empty());
    // After the shell, its option, the script and its name come the arguments.
    constexpr std::size_t kFirstArgument = 4;
    for (std::size_t i = kFirstArgument; i < job.spawn.argv.size(); ++i) {
      job.spawn.argv[i] = places.on_host(job.spawn.argv[i]);
    }
    job.spawn.env = environment_of(request, system_, places);
    job.spawn.folder = places.on_host(request.folder);
    job.spawn.limits = process_limits(request.limits, !cgroups_.memory.empty());
    job.spawn.new_session = true;
    job.spawn.die_with_parent = true;
    job.spawn.no_new_privileges = true;
    return supervise(std::move(job), cancel);
  }
  [[nodiscard]] std::string_view name() const override { return "none"; }

 private:
  SystemView system_;
  CgroupAbilities cgroups_;
};

}  // namespace

Result<std::unique_ptr<Sandbox>> make_none(const SandboxOptions& options) {
  SWARMLAB_TRY(system, view_of_system(options));
  return std::make_unique<None>(std::move(system), find_cgroups());
}

}  // namespace swarmlab::sandbox
