// `--pool`: pools of workers that the operator of a coordinator declares, and the pool that a
// worker says it is of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "coordinator/swarm/rules.h"

namespace swarmlab::cli {

/// Whether it can be the name of a pool: 1 to 63 letters, digits, ".", "-", "_" and "+".
[[nodiscard]] bool is_pool_name(std::string_view name);

/// "NAME", and after it words such as labels=h100+fast, gpus=8, cpus=32, memory=512GB, slots=2 and
/// max=16. \return invalid_input with what makes no sense, or if a name comes twice
[[nodiscard]] Result<std::vector<swarm::DeclaredPool>> declared_pools(
    const std::vector<std::string>& texts);

}  // namespace swarmlab::cli
