// Scores a candidate: what runs in the evaluator's sandbox, and what its output says.
//
// It keeps I7 at the worker: a score is read from nothing but this sandbox's own output.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/model/experiment.h"
#include "common/model/lab.h"
#include "common/model/report.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::worker {

// Folders on this host, absolute.
struct EvaluationPaths {
  std::string checkout;               // clean, of the candidate: read-only at /workspace
  std::string scratch;                // empty, of this run alone: writable at /scratch
  std::string shim;                   // where write_shim() wrote: read-only at /swarmlab
  std::string data = {};              // the data; empty: it is where the settings say
  std::string data_in_checkout = {};  // where the data is to be seen, too; empty: nowhere else
};

struct Scored {
  double score = 0.0;                // finite
  std::vector<MetricValue> metrics;  // the others, without the score itself; sorted by name
  std::vector<SampleScore> samples;
  std::vector<std::string> warnings;  // one line each: what was left out, for the evaluator's log
  bool operator==(const Scored&) const = default;
};

struct Failed {
  Outcome outcome = Outcome::crash;  // crash, timeout, guard_failed, invalid; returned: cancelled
  std::string reason;                // one line, then perhaps the last lines of the output
  bool operator==(const Failed&) const = default;
};

using Evaluation = std::variant<Scored, Failed>;

/// \param sample_ids  the only samples to score; for a python backend
/// \return invalid_input if sample_ids are given to an evaluator that is a command
[[nodiscard]] Result<sandbox::SandboxRequest> prepare_evaluation(
    const LabSettings& settings, const EvaluationPaths& paths,
    const std::optional<std::vector<std::string>>& sample_ids = std::nullopt);

[[nodiscard]] Evaluation read_evaluation(const LabSettings& settings,
                                         const sandbox::SandboxResult& result);

/// \pre  settings.guard
[[nodiscard]] sandbox::SandboxRequest prepare_guard(const LabSettings& settings,
                                                    const EvaluationPaths& paths);

/// Nothing if the guard passed.
[[nodiscard]] std::optional<Failed> read_guard(const sandbox::SandboxResult& result);

/// For `diagnose`: samples with an error first, then the worst score; equal ones by id.
void sort_worst_first(std::vector<SampleScore>& samples, Direction direction);

}  // namespace swarmlab::worker
