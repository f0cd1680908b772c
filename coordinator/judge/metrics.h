// The metrics of a lab, one like the other: what is done with scores can be done with any of them.
// Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/model/experiment.h"
#include "common/model/lab.h"
#include "coordinator/judge/noise.h"

namespace swarmlab::judge {

/// What a run says of a metric beside the score; nothing if it does not tell it.
[[nodiscard]] std::optional<double> value_of(const Measurement& run, const std::string& metric);

/// The runs as if that metric were their score. Nothing if one of them does not tell it.
[[nodiscard]] std::optional<std::vector<Measurement>> scored_by(std::span<const Measurement> runs,
                                                                const std::string& metric);

/// The metrics that a lab needs beside its score: further ones first, then those of constraints.
/// Each once.
[[nodiscard]] std::vector<std::string> needed_metrics(const LabSettings& settings);

/// What a run lacks of them, for people: "metric size was not measured (it gave loss, time)";
/// empty: nothing.
[[nodiscard]] std::string missing_in(const Measurement& run,
                                     const std::vector<std::string>& needed);

/// The metric's value that wins nothing: what the lab says, else twice as bad as the baseline (one
/// worse, if that is 0).
[[nodiscard]] double worst_of(const Metric& metric, double baseline);

}  // namespace swarmlab::judge
