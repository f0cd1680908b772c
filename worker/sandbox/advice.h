// From the words in which a sandbox does not start to what a person can do about it. Pure but for
// read_host_switches().
#pragma once

#include <string>
#include <string_view>

namespace swarmlab::sandbox {

// The kernel's settings that decide whether user namespaces may be made; empty: not there.
struct HostSwitches {
  std::string unprivileged_userns_clone = {};              // Debian: "0" forbids them
  std::string apparmor_restrict_unprivileged_userns = {};  // Ubuntu: "1" takes their rights away
  std::string max_user_namespaces = {};                    // "0" forbids them
  bool in_container = false;
};

[[nodiscard]] HostSwitches read_host_switches();

/// Empty if nothing is known to help.
[[nodiscard]] std::string advice_for(std::string_view problem, const HostSwitches& switches);

}  // namespace swarmlab::sandbox
