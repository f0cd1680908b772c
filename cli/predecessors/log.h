// The logs that predecessors keep of their experiments: read, so that agents know what was tried,
// and continued in the same form with the experiments of a swarm. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace swarmlab::predecessors {

enum class LogFormat {
  autoresearch_lab,  // experiment_id timestamp score metrics kept commit_sha notes; CRLF, quoted
  commits,           // commit METRIC... status description: karpathy/autoresearch, PraxLab
  theses,            // thesis attempt metric baseline status summary: polyresearch
  iterations,        // iteration timestamp commit metric delta guard ...: uditgoenka/autoresearch
  jsonl,             // a record a line: pi-autoresearch
};

enum class RunEnd {
  baseline,
  keep,
  discard,
  crash,
  guard_failed,
  out_of_scope,
  invalid,
  no_change
};

// One experiment.
struct Run {
  RunEnd end = RunEnd::discard;
  std::string commit;  // hexadecimal, as long as the log has it; empty: unknown
  std::optional<double> score;
  std::vector<std::pair<std::string, double>> metrics = {};
  std::string description;   // one line
  std::string at = {};       // ISO 8601, UTC
  std::int64_t at_ms = 0;    // since 1970
  std::uint64_t number = 0;  // of the swarm; 0: it is not of one
  std::string worker = {};
};

/// By the first lines; nothing if it is none of them.
[[nodiscard]] std::optional<LogFormat> format_of(std::string_view text);

/// Rows that cannot be read are left out. \param format  of `text`
[[nodiscard]] std::vector<Run> read_log(LogFormat format, std::string_view text);

struct LogOf {
  std::string lab;
  std::string metric;
  bool lower_is_better = true;
};

/// `text` with a row for each run. An empty text begins with its header. Rows that an earlier call
/// added, from the one with the first run's commit on, are replaced. Where a form has a row only
/// for what was measured, runs without a commit have none.
[[nodiscard]] std::string continued(LogFormat format, std::string text, const LogOf& of,
                                    const std::vector<Run>& runs);

/// What a person tells agents of the runs of before: at most `most_bytes`, the newest first. Empty:
/// there were none.
[[nodiscard]] std::string digest(const std::string& file, const std::vector<Run>& runs,
                                 std::size_t most_bytes);

// Of one format each; see read_log() and continued().
[[nodiscard]] std::vector<Run> read_autoresearch_lab(std::string_view text);
[[nodiscard]] std::vector<Run> read_commits(std::string_view text);
[[nodiscard]] std::vector<Run> read_theses(std::string_view text);
[[nodiscard]] std::vector<Run> read_iterations(std::string_view text);
[[nodiscard]] std::vector<Run> read_jsonl(std::string_view text);
[[nodiscard]] std::string add_autoresearch_lab(std::string text, const std::vector<Run>& runs);
[[nodiscard]] std::string add_commits(std::string text, const LogOf& of,
                                      const std::vector<Run>& runs);
[[nodiscard]] std::string add_theses(std::string text, const std::vector<Run>& runs);
[[nodiscard]] std::string add_iterations(std::string text, const LogOf& of,
                                         const std::vector<Run>& runs);
[[nodiscard]] std::string add_jsonl(std::string text, const LogOf& of,
                                    const std::vector<Run>& runs);

}  // namespace swarmlab::predecessors
