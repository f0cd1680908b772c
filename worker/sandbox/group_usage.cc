#include "worker/sandbox/group_usage.h"

#include <algorithm>
#include <filesystem>

#include "worker/sandbox/cgroup_files.h"
#include "worker/sandbox/cgroup_layout.h"

namespace swarmlab::sandbox {
namespace {

bool has_file(const std::string& folder, const char* name) {
  std::error_code error;
  return std::filesystem::exists(folder + "/" + name, error);
}

}  // namespace

GroupUsage GroupUsage::of(pid_t process) {
  GroupUsage found;
  const std::string memberships = read_small_file("/proc/" + std::to_string(process) + "/cgroup");
  for (const OwnGroup& group : own_groups(read_small_file("/proc/self/mountinfo"), memberships)) {
    if (group.is_top) continue;  // of all that runs here
    const auto controls = [&group](const char* name) {
      return std::ranges::find(group.controllers, name) != group.controllers.end();
    };
    if (controls("memory") || has_file(group.folder, "memory.events")) found.memory_ = group.folder;
    if (controls("cpuacct") || has_file(group.folder, "cpu.stat")) {
      if (found.cpu_.empty() || controls("cpuacct")) found.cpu_ = group.folder;
    }
  }
  return found;
}

Usage GroupUsage::read() const {
  Usage usage;
  if (!memory_.empty()) {
    const std::string events = read_small_file(memory_ + "/memory.events") +
                               read_small_file(memory_ + "/memory.oom_control");
    usage.ran_out_of_memory = number_of(events, "oom_kill").value_or(0) > 0;
    usage.peak_memory_bytes = number_in(read_small_file(memory_ + "/memory.peak") +
                                        read_small_file(memory_ + "/memory.max_usage_in_bytes"));
  }
  if (cpu_.empty()) return usage;
  if (const auto us = number_of(read_small_file(cpu_ + "/cpu.stat"), "usage_usec")) {
    usage.cpu_time = std::chrono::microseconds(*us);
  } else if (const auto ns = number_in(read_small_file(cpu_ + "/cpuacct.usage"))) {
    usage.cpu_time = std::chrono::microseconds(*ns / 1000);
  }
  return usage;
}

}  // namespace swarmlab::sandbox
