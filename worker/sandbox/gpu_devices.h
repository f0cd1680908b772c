// The device files of NVIDIA GPUs that a run may use, and what its programs are told of them.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::sandbox {

struct GpuDevices {
  struct File {
    std::string host;
    std::string inside;
    bool operator==(const File&) const = default;
  };
  std::vector<File> files = {};  // of the GPUs, then those of the driver that all programs need
  std::vector<std::string> names = {};  // of the GPUs, as the driver counts those of the machine
};

/// \param ids   as CUDA_VISIBLE_DEVICES takes them: numbers, counted over the GPUs that we may use
///              (a job of Slurm's may use some), or "GPU-..." as the driver tells them
/// \param dev   "/dev"
/// \param known "/proc/driver/nvidia/gpus"
/// \return nothing where no GPU has a file in `dev`: then ids are only told. Unavailable if some
///         have, but not each of these
[[nodiscard]] Result<GpuDevices> gpu_devices(const std::vector<std::string>& ids,
                                             const std::string& dev, const std::string& known);

/// The value of CUDA_VISIBLE_DEVICES where no other GPUs are there than these: programs count from
/// 0 then.
[[nodiscard]] std::string visible_alone(const std::vector<std::string>& ids);

/// The devices of a request's GPUs; where they are there it is told so, by visible_alone().
[[nodiscard]] Result<GpuDevices> take_gpus(SandboxRequest& request, const std::string& dev);

}  // namespace swarmlab::sandbox
