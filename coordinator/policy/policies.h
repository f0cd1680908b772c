// The policies, one file each; policy.cc chooses among them.
#pragma once

#include "coordinator/policy/policy.h"

namespace swarmlab::policy {

// The best so far; then by score, of equal ones the one that fewer experiments started from, then
// the older.
[[nodiscard]] Pick greedy_pick(const View& view);
[[nodiscard]] std::vector<Ranked> greedy_ranked(const View& view);

// Always the baseline: n independent tries. What other policies have to beat.
[[nodiscard]] Pick best_of_n_pick(const View& view);
[[nodiscard]] std::vector<Ranked> best_of_n_ranked(const View& view);

}  // namespace swarmlab::policy
