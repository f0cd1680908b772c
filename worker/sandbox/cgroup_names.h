// The names of our groups tell whose they are: a later worker removes those of dead ones.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace swarmlab::sandbox {

/// "swarmlab-NAMESPACE-PID-NUMBER". Containers may share a hierarchy: a pid means something only
/// together with its pid namespace.
[[nodiscard]] std::string cgroup_name(unsigned number);

/// The pid in a name of our own pid namespace; nothing of all other names.
[[nodiscard]] std::optional<pid_t> owner_of(std::string_view cgroup_name);

/// Makes a group in `folder`. \return  its name, which no other run has.
[[nodiscard]] Result<std::string> claim_group(const std::string& folder);

}  // namespace swarmlab::sandbox
