// Which kept candidates are to be combined: with many workers good changes are found in parallel,
// on the same parent, and only one of them can become the best.
#pragma once

#include <optional>

#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

struct MergeWish {
  ExperimentNumber ours;  // the best from now on
  ExperimentNumber theirs;
  ExperimentNumber base;  // the newest that both come from
};

/// What a keep asks for: the best of after it, and the one that is not, if neither comes from the
/// other. Nothing where the lab wants no merges, or where there are more than 256 between the two
/// and what both come from.
/// \param kept  an entry of the frontier from now on, not in it yet
/// \pre  the lab has a best, of before
/// \complexity  in the ancestors since both went apart
[[nodiscard]] std::optional<MergeWish> merge_wish(const Lab& lab, const FrontierEntry& kept,
                                                  bool becomes_best);

/// Whether a candidate that beats its parent is worth keeping though it does not beat the best: it
/// can be merged.
[[nodiscard]] bool keeps_for_merging(const Lab& lab);

}  // namespace swarmlab::swarm
