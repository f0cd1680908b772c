// pi-autoresearch: a session's files below .auto/, or by their older names beside the code. The
// measuring script prints METRIC lines, checks.sh must pass, log.jsonl says what the metric is.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "cli/predecessors/commands.h"
#include "cli/predecessors/pi_files.h"
#include "cli/predecessors/recognise.h"
#include "cli/predecessors/text.h"

namespace swarmlab::predecessors {
namespace {

using nlohmann::json;

// What a session optimizes: of the last configuration in its log.
struct Configured {
  std::string name;
  std::string direction;
  std::string from;
};

std::optional<Configured> configured_by_log(const Folder& folder, const PiFiles& files) {
  std::optional<Configured> found;
  for (const Line& line : lines_of(folder.text(files.log).value_or(""))) {
    const json record = json::parse(line.text, nullptr, false);
    if (!record.is_object() || record.value("type", json()) != "config") continue;
    const json name = record.value("metricName", json());
    const json direction = record.value("bestDirection", json());
    if (!name.is_string()) continue;
    found = Configured{.name = name.get<std::string>(),
                       .direction = direction == "higher" ? "maximize" : "minimize",
                       .from = place(files.log, line.number)};
  }
  return found;
}

// "- **Primary**: total_ms (ms, lower is better)"
std::optional<Configured> configured_by_prompt(const Folder& folder, const PiFiles& files) {
  const auto lines = lines_of(folder.text(files.prompt).value_or(""));
  const auto line = first_match(lines, R"(\*{0,2}primary\*{0,2}\s*:\*{0,2}\s*(.*)$)");
  if (!line) return std::nullopt;
  const auto name = first_match({*line}, "^`?((?:[\\w.]|\xC2\xB5)+)");
  if (!name) return std::nullopt;
  return Configured{.name = name->text,
                    .direction = direction_in(line->text).value_or("minimize"),
                    .from = place(files.prompt, line->number)};
}

void set_metric(const Folder& folder, const PiFiles& files, Found& found) {
  auto configured = configured_by_log(folder, files);
  if (!configured) configured = configured_by_prompt(folder, files);
  if (!configured) {
    found.missing.push_back(
        {fmt::format("neither {} nor {} says what the metric is", files.log, files.prompt),
         {"metric.name=total_ms", "metric.direction=minimize"}});
    return;
  }
  Draft& draft = found.drafts.front();
  draft.set("metric", "name", toml_text(configured->name), configured->from);
  draft.set("metric", "direction", toml_text(configured->direction), configured->from);
}

// A folder is all that is below it.
std::string as_glob(const Folder& folder, std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (path.starts_with("./")) path.erase(0, 2);
  const bool is_folder = std::ranges::any_of(
      folder.paths(), [&](const std::string& one) { return one.starts_with(path + "/"); });
  return is_folder ? path + "/**" : path;
}

std::vector<std::string> globs_of(const Folder& folder, const std::vector<Line>& paths) {
  std::vector<std::string> globs;
  for (const Line& path : paths) globs.push_back(as_glob(folder, path.text));
  return globs;
}

void set_artifact(const Folder& folder, const PiFiles& files, Draft& draft) {
  const auto prompt = lines_of(folder.text(files.prompt).value_or(""));
  const auto in_scope = that_name_files(folder, listed_paths(section(prompt, "files in scope")));
  const auto off_limits = that_name_files(folder, listed_paths(section(prompt, "off limits")));
  if (in_scope.empty()) {
    draft.set("artifact", "editable", toml_list({"**"}),
              "no list of files in scope: all but what is off limits");
  } else {
    draft.set("artifact", "editable", toml_list(globs_of(folder, in_scope)),
              place(files.prompt, in_scope));
  }
  std::vector<std::string> frozen = globs_of(folder, off_limits);
  for (const char* own : {".auto/**", "autoresearch.*"}) {
    const bool is_there = std::ranges::any_of(folder.paths(), [&](const std::string& path) {
      return path.starts_with(std::string_view(own).substr(0, 5)) &&
             (own[0] == '.' || path.find('/') == std::string::npos ||
              path.starts_with("autoresearch.hooks/"));
    });
    if (is_there) frozen.emplace_back(own);
  }
  draft.set("artifact", "frozen", toml_list(frozen), place(files.prompt, off_limits));
}

// Of config.json.
struct Options {
  std::string working_folder;
  std::optional<double> most_iterations;
};

Options options_of(const Folder& folder, const PiFiles& files) {
  const json config = json::parse(folder.text(files.config).value_or(""), nullptr, false);
  Options options;
  if (!config.is_object()) return options;
  const json folder_there = config.value("workingDir", json());
  const json most = config.value("maxIterations", json());
  if (folder_there.is_string()) options.working_folder = folder_there.get<std::string>();
  if (most.is_number() && most.get<double>() >= 1) options.most_iterations = most.get<double>();
  return options;
}

// Scripts of pi run in the working folder, where their own path leads to them from.
std::string run_in(const Folder& folder, const Options& options, const std::string& script,
                   Found& found) {
  std::string up;
  for (const std::string& part : split(options.working_folder, '/')) {
    if (!part.empty() && part != ".") up += "../";
  }
  return in_a_copy(folder, options.working_folder, found) + "bash " + up + script + " 2>&1\n";
}

void set_evaluator(const Folder& folder, const PiFiles& files, const Options& options,
                   Found& found) {
  Draft& draft = found.drafts.front();
  draft.set("evaluator", "command", toml_text(run_in(folder, options, files.measure, found)),
            files.measure);
  draft.set("evaluator", "parse", toml_text("metric-lines"), "METRIC lines");
  draft.set("evaluator", "timeout", toml_text("10m"), "run_experiment: 600 s");
  if (!folder.has(files.checks)) return;
  draft.set("guard", "command", toml_text(run_in(folder, options, files.checks, found)),
            files.checks);
  draft.set("guard", "timeout", toml_text("5m"), "run_experiment: 300 s");
}

void set_stop(const PiFiles& files, const Options& options, Draft& draft) {
  const std::string most =
      options.most_iterations ? fmt::format("{:.0f}", std::floor(*options.most_iterations)) : "0";
  draft.set("stop", "max_iterations", most,
            options.most_iterations ? files.config : "no maxIterations: no limit");
  draft.set("stop", "max_hours", "0", "");
  draft.set("stop", "plateau_threshold", "20", "it stops after 20 in a row that are not kept");
}

void tell_of_hooks(const Folder& folder, const PiFiles& files, Found& found) {
  if (!folder.has(files.before) && !folder.has(files.after)) return;
  found.run_flags.emplace_back("--hooks");
  found.notes.emplace_back(
      "its hooks are run by `swarmlab run --hooks` only: on this machine and as you, after each "
      "experiment; what they print is told to the next agents");
}

}  // namespace

std::optional<Found> recognise_pi(const Folder& folder) {
  const auto files = pi_files(folder);
  if (!files || !folder.has(files->measure)) return std::nullopt;
  Found found{.kind = "pi-autoresearch", .seen = files->present(folder), .drafts = {Draft{}}};
  found.agent = "pi";
  if (folder.has(files->log)) found.log = files->log;
  Draft& draft = found.drafts.front();
  if (folder.has(files->prompt)) {
    draft.set("lab", "agent_instructions", toml_text(files->prompt), "");
  }
  const Options options = options_of(folder, *files);
  set_artifact(folder, *files, draft);
  set_metric(folder, *files, found);
  if (options.working_folder.starts_with('/')) {
    found.missing.push_back({fmt::format("{} has the workingDir {}, which is not in the lab",
                                         files->config, options.working_folder),
                             {"evaluator.command=COMMAND"}});
  }
  set_evaluator(folder, *files, options, found);
  set_stop(*files, options, draft);
  tell_of_hooks(folder, *files, found);
  return found;
}

}  // namespace swarmlab::predecessors
