// results.tsv as Autoresearch Lab writes and reads it: seven columns, CRLF, quoting as Python's csv
// module does it. Whoever shows results as a table of that kind writes it here. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/model/experiment.h"

namespace swarmlab {

struct ResultsRow {
  ExperimentNumber number;
  Timestamp ended_at;
  std::optional<double> score;  // none: "nan"
  std::vector<MetricValue> metrics;
  bool kept = false;
  std::string commit;  // hexadecimal, resolvable; empty: "unknown"
  std::string notes;
};

[[nodiscard]] ResultsRow results_row(const Experiment& experiment);

/// What goes into the notes: the hypothesis, else the agent's notes, else for what was not measured
/// the verdict and its reason. One line.
[[nodiscard]] std::string results_notes(Verdict verdict, const std::string& hypothesis,
                                        const std::string& notes, const std::string& reason);

/// "exp_001".
[[nodiscard]] std::string experiment_id(ExperimentNumber number);

/// UTC with microseconds, as Python's isoformat has it: 2026-11-21T07:13:34.120000+00:00.
[[nodiscard]] std::string iso_time(Timestamp at);

/// The metrics as Python's json.dumps writes them: {"accuracy": 0.96, "loss": 1.0}.
[[nodiscard]] std::string metrics_json(const std::vector<MetricValue>& metrics);

/// With its header, and a CRLF after each line.
[[nodiscard]] std::string results_tsv(const std::vector<ResultsRow>& rows);

}  // namespace swarmlab
