// What one task needs, and what a worker has to give. Plain values; the coordinator matches them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace swarmlab {

// An amount: of one task, or of all that a worker's leases take.
struct Resources {
  std::uint32_t cpu_millis = 0;    // thousandths of a CPU
  std::uint64_t memory_bytes = 0;  // of RAM
  std::uint32_t gpus = 0;          // whole devices
  bool operator==(const Resources&) const = default;
};

// Of one task of a lab, [resources]. Nothing named: any free slot will do.
struct Needs {
  Resources amount;
  std::vector<std::string> labels;  // each must be among the worker's
  bool operator==(const Needs&) const = default;
};

// What a worker says of its machine in hello.
struct Capacity {
  std::uint32_t cpu_millis = 0;
  std::uint64_t memory_bytes = 0;
  std::vector<std::string> gpus{};    // ids, as CUDA_VISIBLE_DEVICES takes them
  std::vector<std::string> labels{};  // "key=value" or words
  bool operator==(const Capacity&) const = default;
};

}  // namespace swarmlab
