// What is wrong with a report as such: a peer sent it, so nothing in it is taken on trust.
#pragma once

#include <string>

#include "common/model/report.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

// The most that one attempt may say that it cost: a million dollars, a million million tokens.
inline constexpr MicroUsd kMostCost{1'000'000'000'000};
inline constexpr std::uint64_t kMostTokens = 1'000'000'000'000;

/// What does not fit within the report itself; empty: nothing.
[[nodiscard]] std::string wrong_in(const Report& report);

/// What does not fit between the report and the work that it is about; empty: nothing.
[[nodiscard]] std::string wrong_for(const Report& report, TaskId task, LabId lab,
                                    ExperimentNumber experiment);

/// What makes the measurements incomparable with the lab's segment, or not those that
/// the task asked for; empty: nothing. \pre  the report is about `task`
[[nodiscard]] std::string wrong_for(const Report& report, const Task& task, const Lab& lab);

}  // namespace swarmlab::swarm
