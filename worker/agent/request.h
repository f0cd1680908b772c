// What the sandbox of any agent has: the workspace, the brief, what tells it where to write.
#pragma once

#include <string>
#include <vector>

#include "worker/agent/agent.h"

namespace swarmlab::worker {

// Inside.
constexpr const char* kBriefInside = "/swarmlab/brief.md";
constexpr const char* kOutInside = "/swarmlab/out";
constexpr const char* kHomeInside = "/home/agent";

/// All but the command. \return unavailable if a variable of [agent] env is not in `environment`
[[nodiscard]] Result<sandbox::SandboxRequest> sandbox_of(
    const Assignment& assignment, const AgentPaths& paths,
    const std::vector<std::string>& environment);

/// The value of a variable; none: it is not there.
[[nodiscard]] std::optional<std::string> value_of(std::string_view name,
                                                  const std::vector<std::string>& environment);

}  // namespace swarmlab::worker
