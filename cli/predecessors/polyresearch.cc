// polyresearch: PROGRAM.md has "key: value" lines and says what may be modified; PREPARE.md has the
// command of an experiment and the one that takes the metric out of its log.
#include <fmt/format.h>

#include <algorithm>

#include "cli/predecessors/commands.h"
#include "cli/predecessors/recognise.h"
#include "cli/predecessors/text.h"

namespace swarmlab::predecessors {
namespace {

constexpr const char* kProgramPage = "PROGRAM.md";
constexpr const char* kPrepare = "PREPARE.md";

std::optional<Line> parameter(const std::vector<Line>& lines, const std::string& key) {
  auto found = first_match(lines, "^\\s*" + key + R"(:\s*(\S+)\s*$)");
  return found;
}

// Globs as .gitignore has them: "!" takes away, a folder is all below it.
void set_artifact(const Folder& folder, const std::vector<Line>& program, Found& found) {
  const auto list = [&](const char* title, bool negated) {
    std::vector<Line> paths;
    for (Line line : that_name_files(folder, listed_paths(section(program, title)))) {
      if (line.text.starts_with('!') != negated) continue;
      if (negated) line.text.erase(0, 1);
      if (line.text.starts_with('/')) line.text.erase(0, 1);
      if (line.text.ends_with('/')) line.text += "**";
      if (!line.text.empty()) paths.push_back(std::move(line));
    }
    return paths;
  };
  const auto texts = [](const std::vector<Line>& lines) {
    std::vector<std::string> all;
    for (const Line& line : lines) all.push_back(line.text);
    return all;
  };
  Draft& draft = found.drafts.front();
  const auto can = list("what you can modify", false);
  if (can.empty()) {
    found.missing.push_back(
        {fmt::format("{} lists nothing below \"What you CAN modify\"", kProgramPage),
         {"artifact.editable=[\"src/**\"]"}});
  } else {
    draft.set("artifact", "editable", toml_list(texts(can)), place(kProgramPage, can));
  }
  auto cannot = list("what you cannot modify", false);
  for (const Line& line : list("what you can modify", true)) cannot.push_back(line);
  std::vector<std::string> frozen = texts(cannot);
  for (const char* own : {"PREPARE.md", "POLYRESEARCH.md", ".polyresearch/**"}) {
    if (std::ranges::find(frozen, own) == frozen.end()) frozen.emplace_back(own);
  }
  draft.set("artifact", "frozen", toml_list(frozen), place(kProgramPage, cannot));
}

// The metric is named in the command that takes it out of the log: grep "^battle_score:" run.log
void set_metric(const std::vector<Line>& program, const std::vector<Line>& parse, Found& found) {
  Draft& draft = found.drafts.front();
  const auto name = first_match(parse, R"(\^?([A-Za-z_][\w.]*)\s*[:=])");
  draft.set("metric", "name", toml_text(name ? name->text : "metric"),
            name ? place(kPrepare, name->number) : "");
  const auto direction = parameter(program, "metric_direction");
  const auto goal =
      direction ? direction
                : first_match(section(program, "goal"),
                              "(?:lower|higher) is better|minimi[sz]e|maximi[sz]e|lowest|highest");
  const auto read = goal ? direction_in(goal->text) : std::nullopt;
  if (read) {
    draft.set("metric", "direction", toml_text(*read), place(kProgramPage, goal->number));
  } else {
    found.missing.push_back(
        {fmt::format("{} has no metric_direction", kProgramPage), {"metric.direction=minimize"}});
  }
  const auto tolerance = parameter(program, "metric_tolerance");
  if (tolerance) {
    draft.set("metric", "min_improvement", tolerance->text, place(kProgramPage, tolerance->number));
  } else {
    found.missing.push_back(
        {fmt::format("{} has no metric_tolerance", kProgramPage), {"metric.min_improvement=0.01"}});
  }
}

std::string joined(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& line : lines) {
    if (!trimmed(line.text).empty()) text += line.text + "\n";
  }
  return text;
}

void set_evaluator(const Folder& folder, const std::vector<Line>& prepare,
                   const std::vector<Line>& parse, Found& found) {
  const auto run = code_block(section(prepare, "running an experiment"));
  if (run.empty() || parse.empty()) {
    found.missing.push_back(
        {fmt::format("{} has no command in a block below \"Running an experiment\" or \"Parsing "
                     "the metric\"",
                     kPrepare),
         {"evaluator.command=COMMAND"}});
    return;
  }
  Draft& draft = found.drafts.front();
  const std::string metric = draft.find("metric", "name")->value;
  const std::string name = metric.substr(1, metric.size() - 2);
  std::string command = in_a_copy(folder, "", found);
  command += fmt::format("{{\n{}}} || {{ status=$?; tail -n 50 *.log; exit \"$status\"; }}\n",
                         joined(run));
  // The first line of the block takes out the metric; others are for looking.
  std::string take = trimmed(parse.front().text);
  command += R"(sed -n 's/^\([A-Za-z_][A-Za-z0-9_.]*\): *\([-+0-9.eE]*\) *$/METRIC \1=\2/p' *.log)"
             "\n";
  command += fmt::format("echo \"METRIC {}=$({})\"\n", name, take);
  draft.set("evaluator", "command", toml_text(command),
            place(kPrepare, run) + ", " + place(kPrepare, parse.front().number));
  draft.set("evaluator", "parse", toml_text("metric-lines"), "");
  const auto kill = first_match(prepare, R"(exceeds (\d+) (?:s\b|seconds))");
  if (kill)
    draft.set("evaluator", "timeout", toml_text(kill->text + "s"), place(kPrepare, kill->number));
  const auto minutes = first_match(prepare, R"(exceeds (\d+) min)");
  if (minutes)
    draft.set("evaluator", "timeout", toml_text(minutes->text + "m"),
              place(kPrepare, minutes->number));
}

void set_machine(const std::vector<Line>& prepare, Draft& draft) {
  const auto cores = parameter(prepare, "eval_cores");
  const auto memory = parameter(prepare, "eval_memory_gb");
  if (cores) draft.set("resources", "cpus", cores->text, place(kPrepare, cores->number));
  if (memory) {
    draft.set("resources", "memory", toml_text(memory->text + "GiB"),
              place(kPrepare, memory->number));
  }
}

}  // namespace

std::optional<Found> recognise_polyresearch(const Folder& folder) {
  const auto program_text = folder.text(kProgramPage);
  const auto prepare_text = folder.text(kPrepare);
  if (!program_text || !prepare_text) return std::nullopt;
  const auto program = lines_of(*program_text);
  const auto prepare = lines_of(*prepare_text);
  Found found{.kind = "polyresearch", .seen = {kProgramPage, kPrepare}, .drafts = {Draft{}}};
  for (const char* file : {"POLYRESEARCH.md", "results.tsv"}) {
    if (folder.has(file)) found.seen.emplace_back(file);
  }
  if (folder.has("results.tsv")) found.log = "results.tsv";
  Draft& draft = found.drafts.front();
  draft.set("lab", "agent_instructions", toml_text(kProgramPage), "");
  const auto parse = code_block(section(prepare, "parsing the metric"));
  set_artifact(folder, program, found);
  set_metric(program, parse, found);
  set_evaluator(folder, prepare, parse, found);
  set_machine(prepare, draft);
  for (const char* key : {"max_iterations", "max_hours", "plateau_threshold"}) {
    draft.set("stop", key, "0", "its loop runs until a person stops it");
  }
  return found;
}

}  // namespace swarmlab::predecessors
