// The frontier of a lab with several metrics: which kept candidates no other one dominates, and how
// much all of them win together (hypervolume.h). Labs with one metric have none of it.
//
// A point is a candidate's distance from what wins nothing (judge::worst_of), in units of the
// baseline's: the baseline alone has a hypervolume of 1.
#pragma once

#include <optional>
#include <vector>

#include "coordinator/judge/hypervolume.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

[[nodiscard]] inline bool has_several_metrics(const LabSettings& settings) {
  return !settings.more_metrics.empty();
}

/// Of each metric, the primary first: what wins nothing. Empty until the baseline is measured.
[[nodiscard]] std::vector<double> worst_values(const Lab& lab);

/// Nothing until the baseline is measured. \param others  of the further metrics
[[nodiscard]] std::optional<judge::Point> point_of(const Lab& lab, double score,
                                                   const std::vector<double>& others);

/// Made anew from all that is kept.
[[nodiscard]] policy::Front front_of(const Lab& lab);

/// With one more that is kept.
void add_to_front(policy::Front& front, const Lab& lab, const FrontierEntry& entry);

/// The hypervolume that there would be with a candidate.
[[nodiscard]] double hypervolume_with(const policy::Front& front, const Lab& lab, double score,
                                      const std::vector<double>& others);

}  // namespace swarmlab::swarm
