// data/experiments.db of PraxLab: hypotheses, experiments and results in SQLite.
#pragma once

#include <string>
#include <vector>

#include "cli/predecessors/log.h"
#include "common/result.h"

namespace swarmlab::predecessors {

/// What was tried in a leaf, oldest first; opened for reading only. \param leaf  its folder from
/// the root: the tasks that PraxLab calls "tinker-rl", "rl" or "." \return corrupt if it is no such
/// file
[[nodiscard]] Result<std::vector<Run>> read_experiments_db(const std::string& path,
                                                           const std::string& leaf);

}  // namespace swarmlab::predecessors
