// The command line of `docker run` and `podman run` for a request: what is seen where, and what it
// may use. Looks at the host's folders, changes nothing.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "worker/sandbox/engine.h"
#include "worker/sandbox/gpu_devices.h"
#include "worker/sandbox/sandbox.h"
#include "worker/sandbox/system_view.h"

namespace swarmlab::sandbox {

struct RunPlaces {
  std::string name;    // of the container
  std::string owner;   // whose it is, should it be left over
  std::string inside;  // the folder that is seen at kInsideFolder
  std::string passwd;  // files that name the user inside
  std::string group;
  std::string hosts;
  std::string nothing;  // an empty file
  std::string image;
  GpuDevices devices = {};
};

/// All words after the engine's program, of a container that runs our program inside.
[[nodiscard]] std::vector<std::string> run_words(const Engine& engine, const SystemView& system,
                                                 const SandboxRequest& request,
                                                 const RunPlaces& places);

/// Mounts as engines can have them: of two at one place the later one, none below a later one that
/// lies over it, and what is mounted below a read-only one read-only as well.
/// \param mountinfo  /proc/self/mountinfo
[[nodiscard]] std::vector<Mount> settled_mounts(const std::vector<Mount>& mounts,
                                                const std::string& mountinfo);

}  // namespace swarmlab::sandbox
