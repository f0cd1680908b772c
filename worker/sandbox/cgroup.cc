#include "worker/sandbox/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "worker/sandbox/cgroup_files.h"
#include "worker/sandbox/cgroup_names.h"

namespace swarmlab::sandbox {
namespace {

constexpr std::uint32_t kOwnProcesses = 2;  // bubblewrap's monitor, and its first process inside

}  // namespace

Result<Cgroup> Cgroup::make(const CgroupAbilities& abilities, const ResourceLimits& limits) {
  Cgroup group(abilities.version);
  const std::vector<std::string> wanted = {abilities.memory, abilities.processes,
                                           abilities.accounting,
                                           limits.cpus > 0 ? abilities.cpu : ""};
  const auto first = std::find_if(wanted.begin(), wanted.end(),
                                  [](const std::string& folder) { return !folder.empty(); });
  if (first == wanted.end()) return group;
  SWARMLAB_TRY(name, claim_group(*first));
  const auto inside = [&](const std::string& folder) {
    return folder.empty() ? std::string() : folder + "/" + name;
  };
  for (const std::string& folder : wanted) SWARMLAB_CHECK(group.add(inside(folder)));
  group.memory_ = inside(abilities.memory);
  group.processes_ = inside(abilities.processes);
  group.accounting_ = inside(abilities.accounting);
  SWARMLAB_CHECK(group.limit_memory(limits.memory_bytes));
  if (!group.processes_.empty() && limits.processes > 0) {
    SWARMLAB_CHECK(write_small_file(group.processes_ + "/pids.max",
                                    std::to_string(limits.processes + kOwnProcesses)));
  }
  if (!abilities.cpu.empty() && limits.cpus > 0) {
    SWARMLAB_CHECK(group.limit_cpus(inside(abilities.cpu), limits.cpus));
  }
  return group;
}

Result<void> Cgroup::add(const std::string& folder) {
  const bool known = std::find(folders_.begin(), folders_.end(), folder) != folders_.end();
  if (folder.empty() || known) return {};
  if (::mkdir(folder.c_str(), 0755) != 0 && (errno != EEXIST || !folders_.empty())) {
    return fail(ErrorCode::unavailable, "{}: {}", folder, std::strerror(errno));
  }
  folders_.push_back(folder);
  UniqueFd entry(::open((folder + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  if (!entry) {
    return fail(ErrorCode::unavailable, "{}/cgroup.procs: {}", folder, std::strerror(errno));
  }
  entries_.push_back(std::move(entry));
  return {};
}

Result<void> Cgroup::limit_memory(std::uint64_t bytes) const {
  if (memory_.empty() || bytes == 0) return {};
  const std::string value = std::to_string(bytes);
  if (version_ == 2) {
    SWARMLAB_CHECK(write_small_file(memory_ + "/memory.max", value));
    // Machines without swap have no such file, and need none.
    [[maybe_unused]] const auto no_swap = write_small_file(memory_ + "/memory.swap.max", "0");
    return {};
  }
  SWARMLAB_CHECK(write_small_file(memory_ + "/memory.limit_in_bytes", value));
  [[maybe_unused]] const auto no_swap =
      write_small_file(memory_ + "/memory.memsw.limit_in_bytes", value);
  return {};
}

Result<void> Cgroup::limit_cpus(const std::string& folder, double cpus) const {
  constexpr double kPeriodUs = 100'000;
  const auto quota = static_cast<std::uint64_t>(std::max(1'000.0, cpus * kPeriodUs));
  if (version_ == 2) {
    return write_small_file(folder + "/cpu.max", std::to_string(quota) + " 100000");
  }
  return write_small_file(folder + "/cpu.cfs_quota_us", std::to_string(quota));
}

Cgroup::~Cgroup() {
  if (folders_.empty()) return;
  [[maybe_unused]] const bool empty = kill_all(Deadline::after(std::chrono::seconds(1)));
  entries_.clear();
  // The folder that claims the name goes last. What cannot be removed now is removed by the next
  // worker that starts here.
  while (!folders_.empty() && ::rmdir(folders_.back().c_str()) == 0) folders_.pop_back();
}

std::vector<int> Cgroup::entries() const {
  std::vector<int> fds;
  fds.reserve(entries_.size());
  for (const UniqueFd& entry : entries_) fds.push_back(entry.get());
  return fds;
}

std::vector<pid_t> Cgroup::members() const {
  return folders_.empty() ? std::vector<pid_t>() : members_of(folders_.front());
}

bool Cgroup::kill_all(Deadline deadline) const {
  if (folders_.empty()) return true;
  if (version_ == 2 && write_small_file(folders_.front() + "/cgroup.kill", "1").has_value()) {
    return kill_members(folders_.front(), deadline);
  }
  // Version 1 has no such switch: who cannot fork cannot outrun us.
  if (!processes_.empty()) {
    [[maybe_unused]] const auto no_forks = write_small_file(processes_ + "/pids.max", "0");
  }
  return kill_members(folders_.front(), deadline);
}

bool Cgroup::ran_out_of_memory() const {
  if (memory_.empty()) return false;
  const std::string file = version_ == 2 ? "/memory.events" : "/memory.oom_control";
  return number_of(read_small_file(memory_ + file), "oom_kill").value_or(0) > 0;
}

std::optional<std::uint64_t> Cgroup::peak_memory_bytes() const {
  if (memory_.empty()) return std::nullopt;
  const std::string file = version_ == 2 ? "/memory.peak" : "/memory.max_usage_in_bytes";
  return number_in(read_small_file(memory_ + file));
}

std::optional<std::chrono::microseconds> Cgroup::cpu_time() const {
  if (accounting_.empty()) return std::nullopt;
  if (version_ == 2) {
    const auto used = number_of(read_small_file(accounting_ + "/cpu.stat"), "usage_usec");
    if (!used) return std::nullopt;
    return std::chrono::microseconds(*used);
  }
  const auto used = number_in(read_small_file(accounting_ + "/cpuacct.usage"));
  if (!used) return std::nullopt;
  return std::chrono::microseconds(*used / 1000);
}

}  // namespace swarmlab::sandbox
