// What people rejected is out of the frontier, but what was measured beside it and what descends
// from it still refer to it.
#pragma once

#include <optional>

#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

/// An experiment that was kept in this segment, rejected since or not; null if there is none.
[[nodiscard]] const FrontierEntry* find_kept(const Lab& lab, ExperimentNumber number);

/// The nearest rejected experiment of this segment that a candidate made from `parent` contains.
[[nodiscard]] std::optional<ExperimentNumber> rejected_above(
    const Lab& lab, std::optional<ExperimentNumber> parent);

}  // namespace swarmlab::swarm
