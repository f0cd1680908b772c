// What this machine is: its name, its class (whose timings compare), its size, and where we run
// from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace swarmlab {

struct HostFacts {
  std::string name = {};                  // as the kernel says it
  std::string cpu_model = {};             // "unknown CPU" if the kernel does not tell
  std::vector<std::string> gpus = {};     // models, one entry a device
  std::vector<std::string> gpu_ids = {};  // as CUDA_VISIBLE_DEVICES takes them
  unsigned cores = 1;                     // that this process may use
  std::uint64_t memory_bytes = 0;
};

/// Asks the kernel, and nvidia-smi if the driver's files are missing: up to 10 s, so ask once.
[[nodiscard]] HostFacts read_host_facts();

/// The numbers of NVIDIA's device files in /dev, or in a folder like it, in order: "0", "2".
[[nodiscard]] std::vector<std::string> gpu_files_in(const std::string& dev);

/// Ids of these GPUs, which are counted from 0 whatever the numbers of their files.
[[nodiscard]] std::vector<std::string> gpu_ids_in(const std::string& dev);

/// "CPU model" or "CPU model | 2x GPU model": measurements are compared within one class.
[[nodiscard]] std::string host_class(const HostFacts& facts);

/// The model that a text like /proc/cpuinfo names; empty if it names none.
[[nodiscard]] std::string cpu_model_in(std::string_view cpuinfo);

/// Absolute path of the running program. An error if it was deleted or replaced meanwhile.
[[nodiscard]] Result<std::string> self_executable();

/// The first executable file of that name on `path` ("/a:/b"); empty if there is none.
[[nodiscard]] std::string find_program(std::string_view name, std::string_view path);

}  // namespace swarmlab
