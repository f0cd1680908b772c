// The ladder of a lab as time goes on: who may climb, whose turn it is to be measured, and whether
// anything of it is left to do. The rule is in coordinator/ladder/ranking.h.
#pragma once

#include <optional>
#include <string>

#include "coordinator/swarm/draft.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

/// A kept candidate that has what it takes to climb to that scale, and is not there yet; none:
/// nobody has, or the scale's budget is spent.
/// \pre  1 <= scale, and the lab has it
[[nodiscard]] std::optional<ExperimentNumber> due(const State& state, const Lab& lab,
                                                  std::uint32_t scale);

/// Why nothing more climbs to that scale: its budget is spent, or its baseline failed. Empty: it is
/// open.
[[nodiscard]] std::string why_closed(const Lab& lab, std::uint32_t scale);

/// Whether something of the ladder or the holdout is measured, waits for a worker, or is about to:
/// the lab is not done before. What waits for a person does not hold it up.
[[nodiscard]] bool has_more_to_climb(const State& state, const Lab& lab);

/// Promotes who is due, and begins the measurements of who was promoted: first of all, at each
/// scale, the baseline's.
void climb(Draft& draft, const State& state, const Lab& lab, Timestamp now);

// The champion of the lab: of the largest scale at which a candidate was measured.
struct LabChampion {
  ExperimentNumber number;
  std::uint32_t scale = 0;  // place on the ladder
  double score = 0.0;       // there
  ObjectId commit;
};

/// None: the lab has no ladder, or no larger scale was reached.
[[nodiscard]] std::optional<LabChampion> champion_of(const Lab& lab);

/// What a kept candidate scored at a scale; none: it was not measured there.
[[nodiscard]] std::optional<double> score_at(const Lab& lab, ExperimentNumber number,
                                             std::uint32_t scale);

}  // namespace swarmlab::swarm
