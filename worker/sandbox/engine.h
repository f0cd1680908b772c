// A container engine by its command line: docker and podman are told the same but for a few words.
#pragma once

#include <string>
#include <vector>

#include "common/os/cancel.h"
#include "common/os/process.h"
#include "common/result.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::sandbox {

// What an engine's control groups hold for all processes of a container together. The rest each
// process has as a limit of its own, but for processors: of these it has none.
struct HeldLimits {
  bool memory = true;
  bool processes = true;
  bool cpus = true;
  [[nodiscard]] bool any() const { return memory || processes || cpus; }
};

// How containers get GPUs.
enum class GpuWay : std::uint8_t {
  files,    // --device, of each file: an image has no driver's libraries then but its own
  runtime,  // --gpus: NVIDIA's runtime adds files and libraries
  cdi,      // --device nvidia.com/gpu=N: so does a specification in /etc/cdi
};

struct Engine {
  std::string name;                                      // "docker", "podman": for messages
  std::string program;                                   // its path
  std::vector<std::string> words = {};                   // after `program`, of all but `build`
  std::vector<std::string> run_words = {};               // of `run`
  std::vector<std::string> build_words = {};             // of `build`
  std::string tmpfs_words = {};                          // of each --tmpfs
  std::string without_below = "bind-nonrecursive=true";  // of a mount: not what is mounted below it
  // Who the command is inside. Where that is not who we are on the host, what it may write is made
  // its own before each run.
  unsigned user = 0;
  unsigned group = 0;
  bool is_another_user = false;
  HeldLimits holds = {};
  GpuWay gpus = GpuWay::files;
  // Its containers have a kernel of their own, in user space (gVisor). It takes descriptors in and
  // lets none out, so gates are relayed; its processes are no processes of this machine, so those
  // inside count theirs themselves; and what kills that kernel was done inside.
  bool own_kernel = false;
  // What of its own is counted with the container; each process inside may be several outside.
  std::uint32_t own_processes = 0;
  std::uint32_t processes_each = 1;
  std::uint64_t own_memory = 0;  // bytes
};

/// What of them is there. \return unavailable with what to do if it is not, or does not answer
[[nodiscard]] Result<Engine> find_docker();
[[nodiscard]] Result<Engine> find_podman();

/// Limits that do not hold for all of a container, for people; empty: all do.
[[nodiscard]] std::vector<std::string> weaker_limits(const HeldLimits& held);

/// Runs `engine.program words...` to its end. \return unavailable with the engine's last lines if
/// it fails
[[nodiscard]] Result<std::string> tell_engine(const Engine& engine,
                                              const std::vector<std::string>& words,
                                              Milliseconds timeout, int in = -1);

/// Whether the engine has an image of that name.
[[nodiscard]] bool has_image(const Engine& engine, const std::string& image);
/// Makes an image of a tar file.
[[nodiscard]] Result<void> import_image(const Engine& engine, const std::string& tar,
                                        const std::string& image);

/// See Sandbox::build_image().
[[nodiscard]] Result<void> build_image(const Engine& engine, const ImageWish& wish,
                                       const CancelToken& cancel);

/// Containers that an earlier process left.
[[nodiscard]] Result<void> remove_containers(const Engine& engine, const std::string& owner);
void remove_container(const Engine& engine, const std::string& name);

}  // namespace swarmlab::sandbox
