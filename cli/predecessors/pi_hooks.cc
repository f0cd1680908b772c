#include "cli/predecessors/pi_hooks.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/predecessors/text.h"

namespace swarmlab::predecessors {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// Of the segment that runs.
struct Session {
  ordered_json config = ordered_json::object();
  std::string goal;
  ordered_json last_run = nullptr;
  std::optional<double> baseline;
  std::optional<double> best;
  std::size_t runs = 0;
};

bool is_better(const Session& session, double score) {
  if (!session.best) return true;
  const bool higher = session.config.value("bestDirection", "lower") == "higher";
  return higher ? score > *session.best : score < *session.best;
}

void take_run(Session& session, ordered_json record) {
  const double score = record.value("metric", 0.0);
  if (!session.baseline) session.baseline = score;
  const bool is_kept = record.value("status", "keep") == "keep";
  if (is_kept && is_better(session, score)) session.best = score;
  ++session.runs;
  session.last_run = std::move(record);
}

struct UpTo {
  Session session;
  bool found = false;
};

// Up to the run of that experiment of the swarm, or all of the log.
UpTo session_of(std::string_view log, std::uint32_t experiment) {
  Session session;
  for (const Line& line : lines_of(log)) {
    ordered_json record = ordered_json::parse(line.text, nullptr, false);
    if (!record.is_object()) continue;
    if (record.value("type", "") == "config") {
      std::string goal = session.goal.empty() ? record.value("name", "") : session.goal;
      session = Session{};
      session.config = std::move(record);
      session.goal = std::move(goal);
    } else if (record.contains("run") && record["run"].is_number_unsigned()) {
      const bool is_it = experiment != 0 && record.value("experiment", 0U) == experiment;
      take_run(session, std::move(record));
      if (is_it) return {.session = std::move(session), .found = true};
    }
  }
  return {.session = std::move(session), .found = false};
}

ordered_json number_or_null(const std::optional<double>& number) {
  return number ? ordered_json(*number) : ordered_json(nullptr);
}

std::string line_of(const ordered_json& line) {
  return line.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

HookLines hook_lines(std::string_view log, const std::string& folder, std::uint32_t experiment) {
  const auto [session, found] = session_of(log, experiment);
  const ordered_json about = {{"metric_name", session.config.value("metricName", "")},
                              {"metric_unit", session.config.value("metricUnit", "")},
                              {"direction", session.config.value("bestDirection", "lower")},
                              {"baseline_metric", number_or_null(session.baseline)},
                              {"best_metric", number_or_null(session.best)},
                              {"run_count", session.runs},
                              {"goal", session.goal}};
  const bool has_run = session.last_run.is_object();
  const std::uint64_t next = has_run ? session.last_run["run"].get<std::uint64_t>() + 1 : 1;
  HookLines lines;
  lines.before = line_of({{"event", "before"},
                          {"cwd", folder},
                          {"next_run", next},
                          {"last_run", session.last_run},
                          {"session", about}});
  if (found) {
    lines.after = line_of(
        {{"event", "after"}, {"cwd", folder}, {"run_entry", session.last_run}, {"session", about}});
  }
  return lines;
}

}  // namespace swarmlab::predecessors
