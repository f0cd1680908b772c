#include "common/model/results_tsv.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "common/model/names.h"

namespace swarmlab {

namespace {

constexpr const char* kHeader =
    "experiment_id\ttimestamp\tscore\tmetrics\tkept\tcommit_sha\tnotes\r\n";

// As csv.QUOTE_MINIMAL quotes with a tab as the delimiter.
std::string quoted(const std::string& cell) {
  if (cell.find_first_of("\t\"\r\n") == std::string::npos) return cell;
  std::string text = "\"";
  for (const char byte : cell) {
    if (byte == '"') text.push_back('"');
    text.push_back(byte);
  }
  return text + "\"";
}

// As repr() writes a float: what is whole keeps its ".0".
std::string python_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string json_string(const std::string& text) {
  std::string json = "\"";
  for (const char byte : text) {
    if (byte == '"' || byte == '\\') json.push_back('\\');
    if (static_cast<unsigned char>(byte) < 0x20U) {
      json += fmt::format("\\u{:04x}", static_cast<unsigned>(byte));
    } else {
      json.push_back(byte);
    }
  }
  return json + "\"";
}

std::string on_one_line(const std::string& text) {
  std::string line;
  for (const char byte : text) {
    const bool space = byte == ' ' || static_cast<unsigned char>(byte) < 0x20U;
    if (space && (line.empty() || line.back() == ' ')) continue;
    line.push_back(space ? ' ' : byte);
  }
  if (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace

std::string experiment_id(ExperimentNumber number) {
  return fmt::format("exp_{:03}", number.value());
}

std::string iso_time(Timestamp at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(at - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}000+00:00",
                     static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

std::string results_notes(Verdict verdict, const std::string& hypothesis, const std::string& notes,
                          const std::string& reason) {
  const bool measured = verdict == Verdict::keep || verdict == Verdict::discard;
  const std::string said = on_one_line(hypothesis.empty() ? notes : hypothesis);
  if (measured) return said.empty() ? on_one_line(reason) : said;
  const std::string ended = std::string(name_of(verdict)) + (reason.empty() ? "" : ": ") + reason;
  return on_one_line(said.empty() ? ended : said + " (" + ended + ")");
}

ResultsRow results_row(const Experiment& experiment) {
  ResultsRow row{.number = experiment.number,
                 .ended_at = experiment.ended_at,
                 .score = experiment.score(),
                 .metrics = {},
                 .kept = experiment.verdict == Verdict::keep,
                 .commit = experiment.commit ? experiment.commit->hex() : "",
                 .notes = results_notes(experiment.verdict, experiment.notes.hypothesis,
                                        experiment.notes.notes, experiment.reason)};
  if (!experiment.measurements.empty()) row.metrics = experiment.measurements.front().metrics;
  return row;
}

std::string metrics_json(const std::vector<MetricValue>& metrics) {
  std::string json = "{";
  for (const MetricValue& metric : metrics) {
    if (json.size() > 1) json += ", ";
    json += json_string(metric.name) + ": " + python_number(metric.value);
  }
  return json + "}";
}

std::string results_tsv(const std::vector<ResultsRow>& rows) {
  std::string text = kHeader;
  for (const ResultsRow& row : rows) {
    text += experiment_id(row.number) + '\t' + iso_time(row.ended_at) + '\t';
    text += (row.score ? fmt::format("{:.6f}", *row.score) : "nan") + '\t';
    text += quoted(metrics_json(row.metrics)) + '\t' + (row.kept ? "yes\t" : "no\t");
    text += (row.commit.empty() ? "unknown" : row.commit) + '\t' + quoted(row.notes) + "\r\n";
  }
  return text;
}

}  // namespace swarmlab
