// What scores a candidate: metric, constraints, backend or command, guard.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

#include "common/lab/lab.h"
#include "common/lab/paths.h"
#include "common/lab/score_pattern.h"
#include "common/lab/tables.h"
#include "common/model/names.h"

namespace swarmlab::tables {
namespace {

using toml_tree::Node;

constexpr const char* kName = "a name of at most 100 characters on one line";
constexpr std::size_t kLongestName = 100;

bool read_name(Section& section, std::string_view key, std::string& target) {
  std::string name;
  if (!section.text(key, name, kName)) return false;
  if (name.size() > kLongestName || name.find_first_of("\n\t") != std::string::npos) {
    section.wrong(key, kName);
    return false;
  }
  target = name;
  return true;
}

// "1%"; nothing if it is no percentage of 0 or more.
std::optional<double> percentage(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  if (error != std::errc{} || rest != "%" || !std::isfinite(value) || value < 0) {
    return std::nullopt;
  }
  return value / 100;
}

void read_improvement(Section& metric, Improvement& improvement) {
  constexpr const char* kExpected = "a number of 0 or more, or a percentage such as \"1%\"";
  const Node* node = metric.find("min_improvement");
  if (node == nullptr) return;
  if (const auto* text = std::get_if<std::string>(&node->value)) {
    if (const auto fraction = percentage(*text)) {
      improvement = {*fraction, true};
    } else {
      metric.wrong("min_improvement", kExpected);
    }
  } else if (metric.number("min_improvement", improvement.amount,
                           {.min = 0, .expected = kExpected})) {
    improvement.relative = false;
  }
}

// METRIC lines know no other characters; see worker/evaluator.
bool is_metric_line_name(std::string_view name) {
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '_' || c == '.';
    if (name.substr(i).starts_with("\u00b5")) {
      ++i;
    } else if (!is_word) {
      return false;
    }
  }
  return true;
}

void read_parse(Section& evaluator, CommandEvaluator& command) {
  constexpr const char* kExpected =
      "\"json\", \"metric-lines\" or a regular expression with one group such as "
      "'^score: (\\S+)', or with two, name and value";
  std::string parse;
  if (!evaluator.text("parse", parse, kExpected)) return;
  if (parse == "json") {
    command.parse = ParseKind::json;
  } else if (parse == "metric-lines") {
    command.parse = ParseKind::metric_lines;
  } else if (const auto pattern = ScorePattern::from(parse); pattern) {
    command.parse = ParseKind::regex;
    command.pattern = parse;
  } else {
    evaluator.problem(evaluator.line("parse"),
                      fmt::format("[evaluator] parse is {}, which {}, expected {}",
                                  toml_tree::quoted(parse), pattern.error().message, kExpected));
  }
}

void read_service(Section& backend, LabFile& file) {
  constexpr const char* kPort = "a port, 1 to 65535";
  const Node* node = backend.find("host_service");
  if (node == nullptr) return;
  const auto* table = std::get_if<toml_tree::Table>(&node->value);
  if (table == nullptr) return backend.wrong("host_service", "a table [backend.host_service]");
  Section section(file.problems, "[backend.host_service]", table, backend.line("host_service"));
  HostService service;
  for (const char* key : {"command", "port"}) {
    if (section.find(key) != nullptr) continue;
    section.problem(section.line(),
                    fmt::format("[backend.host_service] has no {}, expected command "
                                "and port",
                                key));
  }
  section.text("command", service.command, "a command such as \"java -jar server.jar\"");
  section.whole<std::uint16_t>("port", service.port, 1, kPort);
  constexpr std::array<std::uint16_t, 2> kTaken = {4100, 4101};  // bridge and proxy
  if (std::ranges::find(kTaken, service.port) != kTaken.end()) {
    section.wrong("port", "another port: 4100 and 4101 are swarmlab's in every sandbox");
  }
  section.finish();
  file.settings.evaluator.service = std::move(service);
}

void read_backend(Section& backend, LabFile& file, PythonBackend& python) {
  backend.text("class", python.class_name, "the name of a class such as \"EvalBackend\"");
  if (backend.text("module", python.module, "a file such as \"backend.py\"")) {
    if (const auto path = file.to_lab(python.module, backend.line("module")); path) {
      python.module = *path;
    } else {
      backend.problem(backend.line("module"),
                      fmt::format("[backend] module {} {}, expected a file of the repository",
                                  toml_tree::quoted(python.module), path.error().message));
    }
  }
  read_service(backend, file);
  file.lines.backend = backend.find("module") == nullptr ? backend.line() : backend.line("module");
}

void read_data(Section& evaluator, LabFile& file) {
  std::string text;
  constexpr const char* kExpected = "a folder of the repository, or \"path:/srv/data\"";
  if (!evaluator.text("data", text, kExpected)) return;
  if (auto data = parse_data(text, file.folder_of(evaluator.line("data")))) {
    file.settings.evaluator.data = *std::move(data);
    file.lines.data = evaluator.line("data");
  } else {
    evaluator.problem(evaluator.line("data"), "[evaluator] data " + data.error().message);
  }
}

void check_metric_line_names(Section& evaluator, const LabSettings& settings) {
  const auto check = [&](const std::string& metric) {
    if (is_metric_line_name(metric)) return;
    evaluator.problem(evaluator.line("parse"),
                      fmt::format("[metric] name is {}, which no METRIC line can have, expected "
                                  "letters, digits, \"_\", \".\" and \"\u00b5\" only",
                                  toml_tree::quoted(metric)));
  };
  check(settings.metric.name);
  for (const Metric& one : settings.more_metrics) check(one.name);
}

// One of the two must score: neither none nor both.
void check_who_scores(Section& backend, Section& evaluator, LabFile& file) {
  const bool has_command = evaluator.find("command") != nullptr;
  if (backend.present() && has_command) {
    evaluator.problem(
        evaluator.line("command"),
        fmt::format("[evaluator] command is set and so is [backend] (line {}), expected only one "
                    "of them",
                    backend.line().line));
  } else if (!backend.present() && !has_command) {
    file.problems.add(evaluator.line(),
                      "nothing scores a candidate, expected [evaluator] command = \"...\" or a "
                      "[backend] table (its module is \"backend.py\" unless set)");
  }
}

// What every metric has.
void read_aspect(Section& metric, Metric& settings) {
  read_name(metric, "name", settings.name);
  std::string direction;
  constexpr const char* kDirections = "\"minimize\" or \"maximize\"";
  if (metric.text("direction", direction, kDirections)) {
    if (direction == name_of(Direction::maximize)) {
      settings.direction = Direction::maximize;
    } else if (direction != name_of(Direction::minimize)) {
      metric.wrong("direction", kDirections);
    }
  }
  read_improvement(metric, settings.min_improvement);
}

// How the lab decides: said once, in the primary metric.
void read_judging(Section& metric, Metric& settings) {
  metric.number(
      "confidence", settings.confidence,
      {.min = 0, .max = 1, .below_max = true, .expected = "a number from 0 (off) to below 1"});
  constexpr std::uint32_t kMostRepeats = 1000;
  constexpr const char* kRepeats = "a whole number from 1 to 1000";
  if (metric.whole<std::uint32_t>("max_repeats", settings.max_repeats, 1, kRepeats) &&
      settings.max_repeats > kMostRepeats) {
    metric.wrong("max_repeats", kRepeats);
  }
}

void read_worst(Section& metric, Metric& settings) {
  double worst = 0;
  if (metric.number("worst", worst, {.expected = "a finite number"})) settings.worst = worst;
}

void read_further(Section& metric, LabFile& file) {
  Metric settings;
  settings.name.clear();
  read_aspect(metric, settings);
  read_worst(metric, settings);
  for (const char* key : {"confidence", "max_repeats"}) {
    if (metric.find(key) == nullptr) continue;
    metric.problem(metric.line(key),
                   fmt::format("[[metric]] {} stands in a further metric, expected it in the first "
                               "one: it is of the lab",
                               key));
  }
  if (metric.find("name") == nullptr) {
    metric.problem(metric.line(), "[[metric]] has no name, expected one in each but the first");
  }
  const auto has_name = [&](const Metric& one) { return one.name == settings.name; };
  if (has_name(file.settings.metric) || std::ranges::any_of(file.settings.more_metrics, has_name)) {
    metric.wrong("name", "another one than those of the metrics before it");
  }
  metric.finish();
  file.settings.more_metrics.push_back(std::move(settings));
}

}  // namespace

void read_metrics(std::vector<Section> metrics, LabFile& file) {
  if (metrics.empty()) return;
  Section& primary = metrics.front();
  read_aspect(primary, file.settings.metric);
  read_judging(primary, file.settings.metric);
  const bool several = metrics.size() > 1;
  if (several) read_worst(primary, file.settings.metric);
  primary.finish();
  for (std::size_t i = 1; i < metrics.size(); ++i) read_further(metrics[i], file);
  if (metrics.size() > kMostMetrics) {
    file.problems.add(metrics[kMostMetrics].line(),
                      fmt::format("[[metric]] is given {} times, expected {} at most",
                                  metrics.size(), kMostMetrics));
  }
}

void read_constraint(Section section, LabFile& file) {
  Constraint constraint;
  if (!read_name(section, "metric", constraint.metric) && section.find("metric") == nullptr) {
    section.problem(section.line(), "[[constraint]] has no metric, expected the name of one");
  }
  const auto bound = [&](std::string_view key, std::optional<double>& target) {
    double value = 0;
    if (section.number(key, value, {.expected = "a finite number"})) target = value;
  };
  bound("min", constraint.min);
  bound("max", constraint.max);
  if (section.find("min") == nullptr && section.find("max") == nullptr) {
    section.problem(section.line(), "[[constraint]] has no bound, expected min, max or both");
  }
  if (constraint.min && constraint.max && *constraint.max < *constraint.min) {
    section.wrong("max", fmt::format("{} (its min) or more", *constraint.min));
  }
  section.finish();
  file.settings.constraints.push_back(std::move(constraint));
}

void read_evaluator(Section backend, Section evaluator, LabFile& file) {
  Evaluator& settings = file.settings.evaluator;
  check_who_scores(backend, evaluator, file);
  PythonBackend python;
  read_backend(backend, file, python);
  backend.finish();
  CommandEvaluator command;
  if (evaluator.text("command", command.command, "a command such as \"python3 score.py\"")) {
    file.lines.evaluator_command = evaluator.line("command");
  }
  read_parse(evaluator, command);
  if (backend.present() && evaluator.find("parse") != nullptr &&
      evaluator.find("command") == nullptr) {
    evaluator.problem(evaluator.line("parse"),
                      "[evaluator] parse is set, but the result of a [backend] is not parsed: "
                      "take it out");
  }
  if (!backend.present() && command.parse == ParseKind::metric_lines) {
    check_metric_line_names(evaluator, file.settings);
  }
  evaluator.duration("timeout", settings.timeout);
  read_network(evaluator, "[evaluator]", settings.network);
  read_data(evaluator, file);
  evaluator.finish();
  if (backend.present()) {
    settings.how = std::move(python);
  } else {
    settings.how = std::move(command);
  }
}

void read_guard(Section guard, LabFile& file) {
  if (!guard.present()) return;
  Guard settings;
  if (guard.text("command", settings.command, "a command such as \"pytest -q\"")) {
    file.lines.guard_command = guard.line("command");
  } else if (guard.find("command") == nullptr) {
    guard.problem(guard.line(), "[guard] has no command, expected one such as \"pytest -q\"");
  }
  guard.duration("timeout", settings.timeout);
  constexpr const char* kReworks = "a whole number, 0 (none) to 10";
  if (guard.whole<std::uint32_t>("reworks", settings.reworks, 0, kReworks) &&
      settings.reworks > kMostReworks) {
    guard.wrong("reworks", kReworks);
  }
  guard.finish();
  file.settings.guard = std::move(settings);
}

}  // namespace swarmlab::tables
