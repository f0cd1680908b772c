// What a report that counts adds to the record of its work, whatever it is worth.
#pragma once

#include <vector>

#include "common/model/report.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

[[nodiscard]] bool contains(const std::vector<FencingToken>& tokens, FencingToken token);

/// The experiment with the report's measurements added to it. \pre  the task is leased
[[nodiscard]] Experiment experiment_of(const Task& task, const Report& report, Timestamp now);

/// Adds what this report costs to the experiment. \return  what was not charged before
[[nodiscard]] Cost charge_report(Experiment& experiment, const Task& task, const Report& report);

}  // namespace swarmlab::swarm
