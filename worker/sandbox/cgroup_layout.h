// Where this process may make control groups, read from what /proc says. Pure: text in, paths out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace swarmlab::sandbox {

// Our own group in one hierarchy.
struct OwnGroup {
  int version = 1;                            // of the cgroup interface: 1 or 2
  std::vector<std::string> controllers = {};  // of version 1; those of 2 are in a file of the group
  std::string folder = {};                    // absolute
  bool is_top = false;                        // the topmost group that is mounted here
  bool operator==(const OwnGroup&) const = default;
};

/// \param mountinfo    /proc/self/mountinfo
/// \param self_cgroup  /proc/self/cgroup
[[nodiscard]] std::vector<OwnGroup> own_groups(std::string_view mountinfo,
                                               std::string_view self_cgroup);

}  // namespace swarmlab::sandbox
