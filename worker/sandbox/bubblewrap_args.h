// The command line of bubblewrap for a request: what is seen where. Looks at the host's folders,
// changes nothing.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "worker/sandbox/gpu_devices.h"
#include "worker/sandbox/sandbox.h"
#include "worker/sandbox/system_view.h"

namespace swarmlab::sandbox {

// Descriptors that bubblewrap gets besides 0 to 3 and the files of a SystemView. It closes all of
// them before the command starts.
enum class BwrapFd : int { args = 4, status = 5, seccomp = 6, block = 7 };
// Small files of a SystemView: number i is to be at this one + i.
inline constexpr int kFirstFileFd = 8;

/// All but the command itself. \param devices  that it may use besides /dev/null and the like
/// \return invalid_input if the request makes no sense.
[[nodiscard]] Result<std::vector<std::string>> bubblewrap_args(const SystemView& system,
                                                               const SandboxRequest& request,
                                                               const GpuDevices& devices,
                                                               bool disable_user_namespaces);

}  // namespace swarmlab::sandbox
