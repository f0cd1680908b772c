// Which folders groups can be made in, and what is left in them by workers that are dead.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "worker/sandbox/cgroup.h"
#include "worker/sandbox/cgroup_files.h"
#include "worker/sandbox/cgroup_layout.h"
#include "worker/sandbox/cgroup_names.h"

namespace swarmlab::sandbox {
namespace {

constexpr std::string_view kSupervisor = "swarmlab-supervisor";

bool can_make_groups(const std::string& folder) {
  // The file tells more than access(): a hierarchy may be mounted read-only for root too.
  const auto probe = claim_group(folder);
  return probe && ::rmdir((folder + "/" + *probe).c_str()) == 0;
}

bool lists(std::string_view words, std::string_view word) {
  const auto at = words.find(word);
  if (at == std::string_view::npos) return false;
  const auto end = at + word.size();
  const bool starts = at == 0 || words[at - 1] == ' ';
  return starts && (end == words.size() || words[end] == ' ' || words[end] == '\n');
}

bool is_dead(pid_t pid) {
  return ::kill(pid, 0) != 0 && errno == ESRCH;
}

void remove_leftovers(const std::string& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const auto owner = owner_of(entry.path().filename().string());
    if (!owner || !is_dead(*owner)) continue;
    if (kill_members(entry.path().string(), Deadline::after(std::chrono::seconds(1)))) {
      ::rmdir(entry.path().c_str());
    }
  }
}

// The kernel gives controllers to the groups below only while no process is in the group itself.
// So we move to a group beside those to come; at the top of a container all of its processes do.
void move_aside(const OwnGroup& own) {
  const std::string aside = own.folder + "/" + std::string(kSupervisor);
  if (::mkdir(aside.c_str(), 0755) != 0 && errno != EEXIST) return;
  [[maybe_unused]] const auto moved = write_small_file(aside + "/cgroup.procs", "0");
  if (!own.is_top) return;
  for (const pid_t pid : members_of(own.folder)) {
    [[maybe_unused]] const auto other =
        write_small_file(aside + "/cgroup.procs", std::to_string(pid));
  }
}

// Where that was of no use: a group beside has no controllers, which would be missed there by what
// we start (podman asks for those of its own group).
void move_back(const OwnGroup& own) {
  if (own.is_top || !write_small_file(own.folder + "/cgroup.procs", "0")) return;
  ::rmdir((own.folder + "/" + std::string(kSupervisor)).c_str());
}

bool enable(const std::string& folder) {
  const std::string file = folder + "/cgroup.subtree_control";
  // Memory first, which the kernel refuses while a process is in the group. The others it would
  // give even then, to threads: after that, no process may go into a group below.
  if (!write_small_file(file, "+memory")) return false;
  // One at a time: those that are not there fail, the others do not.
  for (const std::string_view controller : {"+pids", "+cpu"}) {
    [[maybe_unused]] const auto enabled = write_small_file(file, controller);
  }
  return lists(read_small_file(file), "memory");
}

bool is_unlimited(const std::string& folder) {
  return read_small_file(folder + "/memory.max") == "max\n" &&
         read_small_file(folder + "/pids.max") == "max\n";
}

// The folder for groups of version 2; empty if memory cannot be limited in any.
std::string delegated_folder(OwnGroup own) {
  if (own.folder.ends_with("/" + std::string(kSupervisor))) {
    own.folder.resize(own.folder.size() - kSupervisor.size() - 1);
  }
  if (!lists(read_small_file(own.folder + "/cgroup.controllers"), "memory")) return {};
  if (can_make_groups(own.folder)) {
    if (enable(own.folder)) return own.folder;
    move_aside(own);
    if (enable(own.folder)) return own.folder;
    move_back(own);
  }
  // A terminal's group has other processes, but its parent is the user's own. No limit is evaded.
  const std::string parent = own.folder.substr(0, own.folder.rfind('/'));
  const bool usable = !own.is_top && is_unlimited(own.folder) &&
                      lists(read_small_file(parent + "/cgroup.subtree_control"), "memory") &&
                      can_make_groups(parent);
  return usable ? parent : std::string();
}

CgroupAbilities of_version_2(const std::string& folder) {
  const std::string given = read_small_file(folder + "/cgroup.subtree_control");
  CgroupAbilities found{.version = 2, .memory = folder, .accounting = folder};
  if (lists(given, "pids")) found.processes = folder;
  if (lists(given, "cpu")) found.cpu = folder;
  return found;
}

CgroupAbilities of_version_1(const std::vector<OwnGroup>& groups) {
  CgroupAbilities found{.version = 1};
  const auto folder_with = [&](std::string_view controller) -> std::string {
    for (const OwnGroup& group : groups) {
      const auto& names = group.controllers;
      if (group.version == 1 && std::find(names.begin(), names.end(), controller) != names.end() &&
          can_make_groups(group.folder)) {
        return group.folder;
      }
    }
    return {};
  };
  found.memory = folder_with("memory");
  found.processes = folder_with("pids");
  found.cpu = folder_with("cpu");
  found.accounting = folder_with("cpuacct");
  if (found.memory.empty() && found.processes.empty()) return {};
  return found;
}

}  // namespace

CgroupAbilities find_cgroups() {
  const std::vector<OwnGroup> groups =
      own_groups(read_small_file("/proc/self/mountinfo"), read_small_file("/proc/self/cgroup"));
  CgroupAbilities found;
  for (const OwnGroup& group : groups) {
    if (group.version == 2 && found.version == 0) {
      if (const std::string folder = delegated_folder(group); !folder.empty()) {
        found = of_version_2(folder);
      }
    }
  }
  if (found.version == 0) found = of_version_1(groups);
  if (found.version == 0) {
    found.problem = groups.empty() ? "no cgroup hierarchy is mounted"
                                   : "no group below our own can be made in " + groups[0].folder;
  }
  for (const std::string& folder : {found.memory, found.processes, found.cpu, found.accounting}) {
    if (!folder.empty()) remove_leftovers(folder);
  }
  return found;
}

}  // namespace swarmlab::sandbox
