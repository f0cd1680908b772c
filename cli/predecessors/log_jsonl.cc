// log.jsonl of pi-autoresearch: records of three kinds, of which those that say how a session is
// configured and how a run ended are ours to write.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/predecessors/log.h"
#include "cli/predecessors/table.h"
#include "cli/predecessors/text.h"

namespace swarmlab::predecessors {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t kShortInPi = 7;

RunEnd end_in_pi(const std::string& status) {
  if (status == "crash") return RunEnd::crash;
  if (status == "checks_failed") return RunEnd::guard_failed;
  return status == "discard" ? RunEnd::discard : RunEnd::keep;  // as pi reads a word it knows not
}

const char* word_in_pi(RunEnd end) {
  switch (end) {
    case RunEnd::baseline:
    case RunEnd::keep:
      return "keep";
    case RunEnd::guard_failed:
      return "checks_failed";
    case RunEnd::discard:
    case RunEnd::out_of_scope:
    case RunEnd::no_change:
      return "discard";
    case RunEnd::crash:
    case RunEnd::invalid:
      return "crash";
  }
  return "crash";
}

std::string text_at(const json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_string() ? found->get<std::string>() : "";
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// How far the best is from the baseline, in median absolute deviations of the segment's runs so
// far, of which only those above 0 count.
class Confidence {
 public:
  explicit Confidence(bool lower_is_better) : lower_(lower_is_better) {}

  ordered_json after(const Run& run) {
    const double score = run.score.value_or(0);
    if (!baseline_) baseline_ = score;
    if (score > 0) values_.push_back(score);
    const bool is_kept = run.end == RunEnd::baseline || run.end == RunEnd::keep;
    if (is_kept && score > 0 && (!best_ || (lower_ ? score < *best_ : score > *best_)))
      best_ = score;
    if (values_.size() < 3 || !best_ || *best_ == *baseline_) return nullptr;
    const double middle = median(values_);
    std::vector<double> deviations;
    for (const double value : values_) deviations.push_back(std::abs(value - middle));
    const double spread = median(deviations);
    if (spread == 0) return nullptr;
    return std::abs(*best_ - *baseline_) / spread;
  }

 private:
  bool lower_;
  std::optional<double> baseline_;
  std::optional<double> best_;
  std::vector<double> values_;
};

// What the records of before say that ours go on from.
struct State {
  std::uint64_t next_run = 1;
  std::uint64_t segment = 0;
  bool has_run = false;  // in the segment
  std::string name;
  std::string unit;
};

State state_of(std::string_view text) {
  State state;
  for (const Line& line : lines_of(text)) {
    const json record = json::parse(line.text, nullptr, false);
    if (!record.is_object()) continue;
    if (text_at(record, "type") == "config") {
      if (state.has_run) ++state.segment;
      state.has_run = false;
      if (state.name.empty()) state.name = text_at(record, "name");
      state.unit = text_at(record, "metricUnit");
    } else if (record.contains("run") && record["run"].is_number_unsigned()) {
      state.next_run = std::max(state.next_run, record["run"].get<std::uint64_t>() + 1);
      state.has_run = true;
    }
  }
  return state;
}

ordered_json record_of(const Run& run, const State& state, ordered_json confidence) {
  ordered_json metrics = ordered_json::object();
  for (const auto& [name, value] : run.metrics) metrics[name] = value;
  return {{"run", state.next_run},
          {"commit", run.commit.substr(0, kShortInPi)},
          {"metric", run.score.value_or(0)},
          {"metrics", std::move(metrics)},
          {"status", word_in_pi(run.end)},
          {"description", run.description},
          {"timestamp", run.at_ms},
          {"segment", state.segment},
          {"confidence", std::move(confidence)},
          {"worker", run.worker},
          {"experiment", run.number}};
}

std::string dumped(const ordered_json& record) {
  return record.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

std::vector<Run> read_jsonl(std::string_view text) {
  std::vector<Run> runs;
  for (const Line& line : lines_of(text)) {
    const json record = json::parse(line.text, nullptr, false);
    if (!record.is_object() || !record.contains("run") || !record["run"].is_number()) continue;
    Run run{.end = end_in_pi(text_at(record, "status")),
            .commit = text_at(record, "commit"),
            .score = {},
            .description = as_cell(text_at(record, "description"))};
    const json metric = record.value("metric", json());
    if (metric.is_number() && run.end != RunEnd::crash) run.score = metric.get<double>();
    const json metrics = record.value("metrics", json::object());
    for (const auto& [name, value] : metrics.items()) {
      if (value.is_number()) run.metrics.emplace_back(name, value.get<double>());
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

// The swarm measured a baseline of its own: its runs are a segment.
std::string add_jsonl(std::string text, const LogOf& of, const std::vector<Run>& runs) {
  State state = state_of(text);
  text = with_line_end(std::move(text));
  if (runs.empty()) return text;
  if (runs.front().end == RunEnd::baseline || text.empty()) {
    text += dumped({{"type", "config"},
                    {"name", state.name.empty() ? of.lab : state.name},
                    {"metricName", of.metric},
                    {"metricUnit", state.unit},
                    {"bestDirection", of.lower_is_better ? "lower" : "higher"}});
    if (state.has_run) ++state.segment;
  }
  Confidence confidence(of.lower_is_better);
  for (const Run& run : runs) {
    text += dumped(record_of(run, state, confidence.after(run)));
    ++state.next_run;
  }
  return text;
}

}  // namespace swarmlab::predecessors
