// Control groups: limits that hold for a whole process tree, and a list of all that is in it.
//
// Groups are made below our own, so that a limit that is set on us (Slurm, systemd, a container)
// holds for what we start too. Version 2 where memory is delegated to us, else version 1.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/model/lab.h"
#include "common/os/clock.h"
#include "common/os/unique_fd.h"
#include "common/result.h"

namespace swarmlab::sandbox {

// What groups can do here, found once.
struct CgroupAbilities {
  int version = 0;             // 0: no group can be made
  std::string memory = {};     // folders in which groups with this controller can be made;
  std::string processes = {};  // empty: there is none
  std::string cpu = {};
  std::string accounting = {};  // of processor time
  std::string problem = {};     // why not, of version 0
};

/// Looks for folders that can be written to, and kills and removes what workers that are dead left
/// in them. Of version 2 this may move the calling process into a group beside those to come, as
/// the kernel wants it.
[[nodiscard]] CgroupAbilities find_cgroups();

/// The group of one run. Destroying it kills what is in it and removes it.
class Cgroup {
 public:
  /// \return unavailable when a group cannot be made or a limit cannot be set.
  [[nodiscard]] static Result<Cgroup> make(const CgroupAbilities& abilities,
                                           const ResourceLimits& limits);
  Cgroup(Cgroup&&) noexcept = default;
  Cgroup& operator=(Cgroup&&) noexcept = delete;
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;
  ~Cgroup();

  /// For SpawnRequest::cgroups.
  [[nodiscard]] std::vector<int> entries() const;
  [[nodiscard]] std::vector<pid_t> members() const;
  /// Kills all that is in it, forks meanwhile included. \return  whether it is empty now.
  [[nodiscard]] bool kill_all(Deadline deadline) const;

  /// Whether the kernel killed something in it for its memory.
  [[nodiscard]] bool ran_out_of_memory() const;
  [[nodiscard]] std::optional<std::uint64_t> peak_memory_bytes() const;
  [[nodiscard]] std::optional<std::chrono::microseconds> cpu_time() const;

 private:
  explicit Cgroup(int version) : version_(version) {}

  [[nodiscard]] Result<void> add(const std::string& folder);
  [[nodiscard]] Result<void> limit_memory(std::uint64_t bytes) const;
  [[nodiscard]] Result<void> limit_cpus(const std::string& folder, double cpus) const;

  int version_;
  std::string memory_;  // our folders; equal in version 2
  std::string processes_;
  std::string accounting_;
  std::vector<std::string> folders_;  // each once
  std::vector<UniqueFd> entries_;
};

}  // namespace swarmlab::sandbox
