#include "worker/sandbox/oci_args.h"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "worker/sandbox/cgroup_files.h"
#include "worker/sandbox/inside/orders.h"

namespace swarmlab::sandbox {
namespace {

using Words = std::vector<std::string>;

constexpr const char* kSharedMemory = "1g";         // of /dev/shm; counts as memory too
constexpr std::uint32_t kOwnProcesses = 1;          // the program inside
constexpr std::uint64_t kLeastMemory = 16U << 20U;  // engines refuse less than 6 MiB

void add(Words& words, std::initializer_list<std::string> more) {
  words.insert(words.end(), more);
}

// Both engines read a mount as a line of CSV.
std::string field(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

void add_bind(Words& words, const Engine& engine, const Mount& mount) {
  std::string text =
      "type=bind," + field("source=" + mount.host) + "," + field("destination=" + mount.inside);
  // Below a read-only bind an older engine leaves others writable: they have binds of their own.
  if (mount.kind == Mount::Kind::read_only) text += ",readonly," + engine.without_below;
  add(words, {"--mount", text});
}

void add_mount(Words& words, const Engine& engine, const Mount& mount) {
  if (mount.kind == Mount::Kind::empty) {
    std::string text = mount.inside + ":rw,exec" + engine.tmpfs_words;
    if (mount.bytes > 0) text += fmt::format(",size={}", mount.bytes);
    return add(words, {"--tmpfs", text});
  }
  add_bind(words, engine, mount);
}

// Podman of an ordinary user starts nothing with a limit that no control group of his can hold.
void add_limits(Words& words, const Engine& engine, const ResourceLimits& limits) {
  if (engine.holds.memory && limits.memory_bytes > 0) {
    const std::string bytes =
        std::to_string(std::max(limits.memory_bytes, kLeastMemory) + engine.own_memory);
    add(words, {"--memory", bytes, "--memory-swap", bytes});
  }
  if (engine.holds.processes && limits.processes > 0) {
    const std::uint64_t inside = std::uint64_t{limits.processes} + kOwnProcesses;
    const std::uint64_t most = inside * engine.processes_each + engine.own_processes;
    add(words, {"--pids-limit", std::to_string(most)});
  }
  if (engine.holds.cpus && limits.cpus > 0) {
    add(words, {"--cpus", fmt::format("{:.2f}", std::max(limits.cpus, 0.01))});
  }
}

// Without an image the machine's own libraries are seen: there the files are enough.
void add_gpus(Words& words, const Engine& engine, const SandboxRequest& request,
              const GpuDevices& devices) {
  if (devices.files.empty()) return;
  if (request.image.empty() || engine.gpus == GpuWay::files) {
    for (const GpuDevices::File& file : devices.files) {
      add(words, {"--device", fmt::format("{}:{}", file.host, file.inside)});
    }
    return;
  }
  if (engine.gpus == GpuWay::cdi) {
    for (const std::string& name : devices.names) {
      add(words, {"--device", "nvidia.com/gpu=" + name});
    }
    return;
  }
  std::string names;
  for (const std::string& name : devices.names) names.append(names.empty() ? "" : ",").append(name);
  add(words, {"--gpus", field("device=" + names)});
}

void add_temporary(Words& words, const SandboxRequest& request, bool of_host) {
  const std::string size =
      request.tmp_bytes > 0 ? fmt::format(",size={}", request.tmp_bytes) : std::string();
  add(words, {"--tmpfs", "/tmp:rw,exec,mode=1777" + size});
  if (!of_host) add(words, {"--tmpfs", "/var/tmp:rw,exec,mode=1777" + size});
}

Mount bind_at(const std::string& path) {
  return {.kind = Mount::Kind::read_only, .host = path, .inside = path};
}

std::vector<Mount> all_mounts(const SystemView& system, const SandboxRequest& request,
                              const RunPlaces& places) {
  std::vector<Mount> mounts;
  if (request.image.empty()) {
    for (const std::string& path : system.binds) mounts.push_back(bind_at(path));
  } else {
    mounts.push_back({.host = places.passwd, .inside = "/etc/passwd"});
    mounts.push_back({.host = places.group, .inside = "/etc/group"});
  }
  mounts.push_back(
      {.kind = Mount::Kind::empty, .inside = "/home/agent", .bytes = request.tmp_bytes});
  mounts.push_back({.host = places.hosts, .inside = "/etc/hosts"});
  mounts.push_back({.host = places.nothing, .inside = "/etc/resolv.conf"});
  for (const std::string& path : system.exposed) mounts.push_back(bind_at(path));
  mounts.insert(mounts.end(), request.mounts.begin(), request.mounts.end());
  mounts.push_back({.host = places.inside, .inside = kInsideFolder});
  return mounts;
}

bool is_below(const std::string& path, const std::string& folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

// The kernel writes a space as \040.
std::string unescaped(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    constexpr std::size_t kDigits = 3;
    if (text[i] == '\\' && i + kDigits < text.size()) {
      plain += static_cast<char>(std::stoi(text.substr(i + 1, kDigits), nullptr, 8));
      i += kDigits;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::vector<std::string> mount_points(const std::string& mountinfo) {
  std::vector<std::string> points;
  std::istringstream lines(mountinfo);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string id;
    std::string parent;
    std::string device;
    std::string root;
    std::string point;
    if (fields >> id >> parent >> device >> root >> point) points.push_back(unescaped(point));
  }
  return points;
}

}  // namespace

std::vector<Mount> settled_mounts(const std::vector<Mount>& mounts, const std::string& mountinfo) {
  const std::vector<std::string> points = mount_points(mountinfo);
  std::vector<Mount> all;
  for (const Mount& mount : mounts) {
    all.push_back(mount);
    if (mount.kind != Mount::Kind::read_only) continue;
    for (const std::string& point : points) {
      if (!is_below(point, mount.host)) continue;
      all.push_back({.host = point, .inside = mount.inside + point.substr(mount.host.size())});
    }
  }
  std::vector<Mount> settled;
  for (auto at = all.begin(); at != all.end(); ++at) {
    const bool is_hidden = std::any_of(std::next(at), all.end(), [&](const Mount& later) {
      return later.inside == at->inside || is_below(at->inside, later.inside);
    });
    if (!is_hidden) settled.push_back(*at);
  }
  return settled;
}

std::vector<std::string> run_words(const Engine& engine, const SystemView& system,
                                   const SandboxRequest& request, const RunPlaces& places) {
  Words words = {"run", "--rm", "--name", places.name, "--label", "swarmlab.owner=" + places.owner};
  words.insert(words.end(), engine.run_words.begin(), engine.run_words.end());
  add(words, {"--pull", "never", "--log-driver", "none", "--network", "none", "--read-only"});
  add(words, {"--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--ipc", "private"});
  add(words, {"--cgroupns", "private", "--hostname", "swarmlab", "--shm-size", kSharedMemory});
  add(words, {"--user", fmt::format("{}:{}", engine.user, engine.group), "--workdir", "/"});
  add(words, {"--entrypoint", kInsideProgram});
  add_limits(words, engine, request.limits);
  add_gpus(words, engine, request, places.devices);
  add_temporary(words, request, request.image.empty());
  for (const Mount& mount : settled_mounts(all_mounts(system, request, places),
                                           read_small_file("/proc/self/mountinfo"))) {
    add_mount(words, engine, mount);
  }
  words.push_back(places.image);
  return words;
}

}  // namespace swarmlab::sandbox
