// What the machines of a random swarm have to give.
#pragma once

#include <functional>
#include <string>

#include "common/model/resources.h"

namespace swarmlab::swarm {

inline Capacity everything() {
  return {.cpu_millis = 64'000,
          .memory_bytes = 1'000'000'000'000,
          .gpus = {"0", "1", "2", "3"},
          .labels = {"fast", "zone=a"}};
}

/// `below` draws a number below its argument.
inline Capacity any_capacity(const std::function<std::uint64_t(std::uint64_t)>& below) {
  Capacity capacity{.cpu_millis = static_cast<std::uint32_t>(below(4)) * 1000,
                    .memory_bytes = below(4) * 1'000'000'000,
                    .gpus = {},
                    .labels = {}};
  for (std::uint64_t id = below(4); id > 0; --id) capacity.gpus.push_back(std::to_string(id));
  if (below(2) == 0) capacity.labels.emplace_back("fast");
  return capacity;
}

}  // namespace swarmlab::swarm
