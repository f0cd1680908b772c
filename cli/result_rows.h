// Experiments as rows of results.tsv. For .cc files only: it includes Cap'n Proto.
#pragma once

#include <vector>

#include "cli/views.h"
#include "common/model/results_tsv.h"

namespace swarmlab::cli {

/// Of those that have ended, by number; `only_best`: the one that is best, or none.
[[nodiscard]] std::vector<ResultsRow> rows_of(const Experiments& experiments, bool only_best);

}  // namespace swarmlab::cli
