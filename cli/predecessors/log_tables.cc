// Logs that are tables between tabs, without quotes.
#include <fmt/format.h>

#include <algorithm>

#include "cli/predecessors/log.h"
#include "cli/predecessors/table.h"
#include "cli/predecessors/text.h"

namespace swarmlab::predecessors {
namespace {

using Row = std::map<std::string, std::string>;

constexpr double kMegabytesOfOne = 1024;
constexpr std::size_t kShortened = 7;

std::string cell(const Row& row, const std::string& column) {
  const auto found = row.find(column);
  return found == row.end() ? "" : trimmed(found->second);
}

std::string short_commit(const Run& run) {
  return run.commit.empty() ? "-" : run.commit.substr(0, kShortened);
}

RunEnd end_of_status(const std::string& status) {
  if (status == "baseline") return RunEnd::baseline;
  if (status == "accepted" || status.starts_with("keep")) return RunEnd::keep;
  if (status.starts_with("crash")) return RunEnd::crash;
  if (status == "metric-error" || status == "infra_failure") return RunEnd::invalid;
  if (status == "policy_rejection") return RunEnd::out_of_scope;
  if (status == "no-op") return RunEnd::no_change;
  return RunEnd::discard;
}

bool is_measured(const Run& run) {
  return run.score &&
         (run.end == RunEnd::baseline || run.end == RunEnd::keep || run.end == RunEnd::discard);
}

// What a row of karpathy/autoresearch says of how it ended: it knows three words.
const char* word_of_commits(const Run& run) {
  if (run.end == RunEnd::baseline || run.end == RunEnd::keep) return "keep";
  return is_measured(run) || run.end == RunEnd::guard_failed ? "discard" : "crash";
}

std::optional<double> metric_of(const Run& run, const std::string& name) {
  for (const auto& [metric, value] : run.metrics) {
    if (metric == name) return value;
  }
  return std::nullopt;
}

// A column of `commits`: the score, memory in GB, or another metric.
std::string commits_cell(const Run& run, const std::string& column, const std::string& metric) {
  if (column == "commit") return short_commit(run);
  if (column == "status") return word_of_commits(run);
  if (column == "description") return as_cell(run.description);
  const bool is_memory = column == "memory_gb";
  auto value = column == metric ? run.score : metric_of(run, is_memory ? "peak_vram_mb" : column);
  if (!is_measured(run)) value = std::nullopt;
  if (is_memory) return fmt::format("{:.1f}", value.value_or(0) / kMegabytesOfOne);
  return fmt::format("{:.6f}", value.value_or(0));
}

const char* word_of_theses(const Run& run) {
  switch (run.end) {
    case RunEnd::baseline:
    case RunEnd::keep:
      return "accepted";
    case RunEnd::crash:
      return "crashed";
    case RunEnd::out_of_scope:
      return "policy_rejection";
    case RunEnd::invalid:
      return "infra_failure";
    case RunEnd::discard:
    case RunEnd::guard_failed:
    case RunEnd::no_change:
      return "discarded";
  }
  return "discarded";
}

const char* word_of_iterations(const Run& run) {
  switch (run.end) {
    case RunEnd::baseline:
      return "baseline";
    case RunEnd::keep:
      return "keep";
    case RunEnd::crash:
      return "crash";
    case RunEnd::invalid:
      return "metric-error";
    case RunEnd::no_change:
      return "no-op";
    case RunEnd::discard:
    case RunEnd::guard_failed:
    case RunEnd::out_of_scope:
      return "discard";
  }
  return "discard";
}

std::string shortest(double value) {
  return fmt::format("{}", value);
}

}  // namespace

std::vector<Run> read_commits(std::string_view text) {
  const TsvTable table = read_tsv(text);
  std::vector<Run> runs;
  for (const Row& row : table.rows) {
    Run run{.end = end_of_status(cell(row, "status")),
            .commit = cell(row, "commit"),
            .score = {},
            .description = cell(row, "description")};
    for (const std::string& column : table.columns) {
      const auto value = number_in(cell(row, column));
      if (column == "commit" || column == "status" || column == "description" || !value) continue;
      if (column == table.columns[1]) {
        run.score = run.end == RunEnd::crash ? std::nullopt : value;
      } else {
        run.metrics.emplace_back(column, *value);
      }
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

std::string add_commits(std::string text, const LogOf& of, const std::vector<Run>& runs) {
  if (trimmed(text).empty()) {
    text = fmt::format("commit\t{}\tmemory_gb\tstatus\tdescription\n", of.metric);
  }
  const std::vector<std::string> columns = read_tsv(text).columns;
  text = with_line_end(std::move(text));
  for (const Run& run : runs) {
    std::string row;
    for (const std::string& column : columns) {
      row += (row.empty() ? "" : "\t") + commits_cell(run, column, columns[1]);
    }
    text += row + "\n";
  }
  return text;
}

std::vector<Run> read_theses(std::string_view text) {
  std::vector<Run> runs;
  for (const Row& row : read_tsv(text).rows) {
    runs.push_back({.end = end_of_status(cell(row, "status")),
                    .commit = {},
                    .score = number_in(cell(row, "metric")),
                    .description = cell(row, "summary"),
                    .worker = cell(row, "attempt")});
  }
  return runs;
}

// The attempt is a branch there; here it is the ref of the candidate.
std::string add_theses(std::string text, const std::vector<Run>& runs) {
  if (trimmed(text).empty()) text = "thesis\tattempt\tmetric\tbaseline\tstatus\tsummary\n";
  text = with_line_end(std::move(text));
  double best = 0;
  for (const Run& run : runs) {
    const double baseline = best;
    const bool is_kept = run.end == RunEnd::baseline || run.end == RunEnd::keep;
    if (is_kept && run.score) best = *run.score;
    text +=
        fmt::format("-\tswarmlab/{}-{}\t{:.4f}\t{:.4f}\t{}\t{}\n", run.number, short_commit(run),
                    run.score.value_or(0), run.end == RunEnd::baseline ? best : baseline,
                    word_of_theses(run), as_cell(run.description));
  }
  return text;
}

std::vector<Run> read_iterations(std::string_view text) {
  std::vector<Run> runs;
  for (const Row& row : read_tsv(text).rows) {
    std::string commit = cell(row, "commit");
    if (commit == "-") commit.clear();
    const std::string metric = row.contains("metric") ? "metric" : "metric_value";
    runs.push_back({.end = end_of_status(cell(row, "status")),
                    .commit = std::move(commit),
                    .score = number_in(cell(row, metric)),
                    .description = cell(row, "description"),
                    .at = cell(row, "timestamp")});
  }
  return runs;
}

std::string add_iterations(std::string text, const LogOf& of, const std::vector<Run>& runs) {
  if (trimmed(text).empty()) {
    text = fmt::format(
        "# metric_direction: {}\n"
        "iteration\ttimestamp\tcommit\tmetric\tdelta\tguard\tguard-metric\tstatus\tdescription\n",
        of.lower_is_better ? "lower_is_better" : "higher_is_better");
  }
  const TsvTable table = read_tsv(text);
  text = with_line_end(std::move(text));
  std::uint64_t iteration = table.rows.size();
  double previous = 0;
  for (const Run& run : runs) {
    const double score = run.score.value_or(previous);
    const double delta = run.end == RunEnd::baseline ? 0 : score - previous;
    previous = score;
    const Row cells{{"iteration", fmt::format("{}", iteration++)},
                    {"timestamp", run.at},
                    {"commit", short_commit(run)},
                    {"metric", run.score ? shortest(*run.score) : "-"},
                    {"delta", fmt::format("{:+.6g}", delta)},
                    {"guard", run.end == RunEnd::guard_failed ? "fail" : "pass"},
                    {"guard-metric", "-"},
                    {"status", word_of_iterations(run)},
                    {"description", as_cell(run.description)}};
    std::string line;
    for (const std::string& column : table.columns) {
      line += (line.empty() ? "" : "\t") + (cells.contains(column) ? cells.at(column) : "-");
    }
    text += line + "\n";
  }
  return text;
}

}  // namespace swarmlab::predecessors
