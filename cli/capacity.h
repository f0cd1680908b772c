// What a machine has for tasks: as it was found, or as flags say it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/model/resources.h"
#include "common/os/host.h"
#include "common/result.h"

namespace swarmlab::cli {

// As they were given; empty: as it was found.
struct CapacityFlags {
  double cpus = 0;       // 0: all
  std::string memory{};  // "64GB"
  std::string gpus{};    // ids "0,1", or "none"
  std::string labels{};  // "gpu=h100,zone=a"
  std::string pool{};    // empty: what the labels say, or none
};

/// \return invalid_input with the flag that makes no sense
[[nodiscard]] Result<Capacity> capacity_of(const HostFacts& facts, const CapacityFlags& flags);

/// The part of one of `count` workers on the same machine: together they have what it has, and no
/// GPU is in two parts. Labels are everybody's.
[[nodiscard]] Capacity part_of(const Capacity& machine, std::size_t index, std::size_t count);

/// Flags of `swarmlab worker` that say it.
[[nodiscard]] std::vector<std::string> flags_of(const Capacity& capacity);

}  // namespace swarmlab::cli
