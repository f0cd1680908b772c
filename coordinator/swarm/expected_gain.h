// What a lab can still be expected to find (coordinator/judge/prospects.h), and when that is too
// little to go on.
#pragma once

#include <optional>

#include "common/model/experiment.h"
#include "common/model/lab.h"
#include "coordinator/judge/prospects.h"
#include "coordinator/swarm/stop.h"

namespace swarmlab::swarm {

/// Adds a decided experiment; what is no try to find a better one adds nothing: a baseline.
/// \param best  score of the best before it; none: there was none
void note_prospects(judge::Prospects& prospects, Direction direction,
                    const std::optional<double>& best, const Experiment& experiment,
                    bool becomes_best);

/// That less is expected than [stop] expected_gain asks for. Nothing before enough was tried to
/// tell.
[[nodiscard]] std::optional<Limit> too_little_expected(const GainLimit& limit,
                                                       const judge::Prospects& prospects);

}  // namespace swarmlab::swarm
