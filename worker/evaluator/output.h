// What an evaluator's output says: three ways for commands, one for python backends.
//
// All of it was written by what is not trusted, so every reader takes any bytes, in bounded time
// and depth, and says what is wrong instead of a score.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/model/lab.h"
#include "common/result.h"
#include "worker/evaluator/evaluation.h"

namespace swarmlab::worker {

/// A whole text as a finite number: "1", "-.5", "+5", "1e-3". \return invalid_input: "is nan,
/// expected a finite number"
[[nodiscard]] Result<double> read_number(std::string_view text);

// Of stdout alone: what a candidate's program logs on an inherited stderr is no score. Each is
// invalid_input if there is no finite score, with the reason.

/// Group 1 of the last match; of a pattern with two groups, the value that the last match with the
/// name of the metric has, and the other metrics likewise.
[[nodiscard]] Result<Scored> read_by_pattern(const std::string& metric, const std::string& pattern,
                                             std::string_view out);

/// Lines "METRIC name=value"; the last of a name counts.
[[nodiscard]] Result<Scored> read_metric_lines(const std::string& metric, std::string_view out);

/// The JSON object on the last line that is not blank: {"score": 1.5, "other": 2}.
[[nodiscard]] Result<Scored> read_json_line(const std::string& metric, std::string_view out);

// What run_backend.py sent.
struct BackendSaid {
  std::optional<Scored> scored;
  std::string invalid;  // why there is no score
  std::string error;    // the exception
};

/// The last whole line counts. \return corrupt if that is no message of run_backend.py
[[nodiscard]] Result<BackendSaid> read_backend(const std::string& metric, std::string_view channel);

/// Metrics sorted by name, one of each (the last), without the score and those that are not finite
/// or have no usable name; samples cut to what a report can carry. Warnings say what is gone.
void tidy(const std::string& metric, Scored& scored);

/// `out` without the two lines that a cap of `output_bytes` cut (see SandboxResult::out).
[[nodiscard]] std::string whole_lines(std::string_view out, std::uint64_t output_bytes);

}  // namespace swarmlab::worker
