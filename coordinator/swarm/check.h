// Reports of checks: a kept candidate was measured at a larger scale, or on the holdout. They count
// like others (I1, I2, I4), but make no experiment.
#pragma once

#include <optional>
#include <string>

#include "common/model/report.h"
#include "coordinator/swarm/command.h"

namespace swarmlab::swarm {

/// \pre  the report's shape is right, it is about `task`, a check of the current segment that is
///       leased to who reports
[[nodiscard]] Decision count_check(const State& state, const Task& task, const Report& report,
                                   Timestamp now);

/// The end of a check without a score.
[[nodiscard]] CheckEnded failed_check(const State& state, const Task& task, std::string reason,
                                      Timestamp now);

/// What to answer to a report of a check that is over: the same as before, if it counted. None: the
/// report is of no check.
[[nodiscard]] std::optional<Reply> answer_of_ended_check(const State& state, const Report& report);

}  // namespace swarmlab::swarm
