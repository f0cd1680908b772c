// The command line of bubblewrap for a request: what is seen where. Looks at the host's folders,
// changes nothing.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::sandbox {

// Descriptors that bubblewrap gets besides 0 to 3. It closes them before the command starts.
enum class BwrapFd : int { args = 4, status = 5, seccomp = 6, passwd = 7, group = 8, hosts = 9 };

struct SystemView {
  std::vector<std::string> args = {};  // that are the same in every run
  std::string path = {};               // the value of PATH
};

/// The system's folders, the short list of /etc, and what is exposed.
/// \return not_found if an exposed path does not exist, invalid_input if it is not absolute.
[[nodiscard]] Result<SystemView> view_of_system(const SandboxOptions& options);

/// All but the command itself. \return invalid_input if the request makes no sense.
[[nodiscard]] Result<std::vector<std::string>> bubblewrap_args(const SystemView& system,
                                                               const SandboxRequest& request,
                                                               bool disable_user_namespaces);

inline constexpr std::string_view kPasswd =
    "root:x:0:0:root:/:/bin/false\n"
    "agent:x:1000:1000:agent:/home/agent:/bin/sh\n"
    "nobody:x:65534:65534:nobody:/:/bin/false\n";
inline constexpr std::string_view kGroup = "root:x:0:\nagent:x:1000:\nnogroup:x:65534:\n";
inline constexpr std::string_view kHosts = "127.0.0.1 localhost swarmlab\n::1 localhost\n";

}  // namespace swarmlab::sandbox
