// PraxLab: a program `lab` at the root, and below it a tree of leaves. Each leaf is a folder whose
// program.md has the loop of its agent: what to run, what to take out of run.log, what to modify.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/predecessors/commands.h"
#include "cli/predecessors/recognise.h"
#include "cli/predecessors/text.h"

namespace swarmlab::predecessors {
namespace {

constexpr std::string_view kProgramText = "program.md";

bool is_lab_program(const Folder& folder) {
  const auto text = folder.text("lab");
  return text && text->find("hypothesis") != std::string::npos &&
         text->find("failures") != std::string::npos;
}

// The folders below the root that have a program.md.
std::vector<std::string> leaves_of(const Folder& folder) {
  std::vector<std::string> leaves;
  for (const std::string& path : folder.paths()) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos || path.substr(slash + 1) != kProgramText) continue;
    leaves.push_back(path.substr(0, slash));
  }
  return leaves;
}

// The lines between two that hold these words, in any case: a part that no heading begins.
std::vector<Line> between(const std::vector<Line>& lines, std::string_view from,
                          std::string_view to) {
  std::vector<Line> part;
  bool inside = false;
  for (const Line& line : lines) {
    const std::string lower = lower_case(line.text);
    if (inside && lower.find(to) != std::string::npos) break;
    if (inside) part.push_back(line);
    inside = inside || lower.find(from) != std::string::npos;
  }
  return part;
}

struct Leaf {
  const Folder& folder;
  std::string path;  // of its folder
  std::string file;  // its program.md
  std::vector<Line> program;

  [[nodiscard]] bool has(const std::string& name) const { return folder.has(path + "/" + name); }
};

// "Modify `train.py`", "- `data.jsonl` - training data", "**optimize.py** - everything is fair
// game"
std::vector<Line> may_modify(const Leaf& leaf) {
  std::vector<Line> files;
  const auto add_named = [&](const std::vector<Line>& lines) {
    for (const Line& line : lines) {
      const auto named = first_match({line}, R"((?:`|\*\*)([\w./*-]+\.\w+)(?:`|\*\*))");
      const auto item = first_match({line}, R"(^\s*(?:[-*]\s|\*\*|\|).*)");
      if (!named || !item) continue;
      const bool twice =
          std::ranges::any_of(files, [&](const Line& one) { return one.text == named->text; });
      if (leaf.has(named->text) && !twice) files.push_back(*named);
    }
  };
  add_named(between(leaf.program, "you can ", "you cannot "));
  if (files.empty()) add_named(section(leaf.program, "what you can modify"));
  return files;
}

void set_artifact(const Leaf& leaf, Draft& draft, Found& found) {
  std::vector<Line> files = may_modify(leaf);
  std::string from = place(leaf.file, files);
  if (files.empty()) {
    from = "what PraxLab's leaves of this kind let agents modify";
    for (const char* name : {"train.py", "optimize.py", "reward.py", "data.jsonl", "prompts.jsonl",
                             "eval_prompts.jsonl"}) {
      if (leaf.has(name)) files.push_back({0, name});
    }
  }
  std::vector<std::string> globs;
  for (const Line& file : files) globs.push_back(file.text);
  if (globs.empty()) {
    found.missing.push_back({fmt::format("{} does not say what agents may modify", leaf.file),
                             {"artifact.editable=[\"train.py\"]"}});
    return;
  }
  draft.set("artifact", "editable", toml_list(globs), from);
}

void set_metric(const Leaf& leaf, Draft& draft) {
  const auto primary = first_match(leaf.program, R"(primary metric\W*(\w[\w.]*.*)$)");
  const auto extracted = first_match(leaf.program, R"(grep\s+["']\^(\w+):)");
  std::string name = extracted ? extracted->text : "score";
  std::size_t line = extracted ? extracted->number : 0;
  if (primary && !extracted) {
    name = first_match({*primary}, R"(^([\w.]+))")->text;
    line = primary->number;
  }
  draft.set("metric", "name", toml_text(name), place(leaf.file, line));
  const auto goal =
      first_match(leaf.program,
                  R"((?:lower|higher) (?:=|is) better|(?:lowest|highest) \w+|DECREASED|INCREASED)");
  const std::string lower = lower_case(name);
  const bool is_loss =
      lower.find("loss") != std::string::npos || lower.find("bpb") != std::string::npos;
  auto direction = goal ? direction_in(goal->text) : std::nullopt;
  if (!direction && goal) direction = goal->text[0] == 'D' ? "minimize" : "maximize";
  draft.set("metric", "direction", toml_text(direction.value_or(is_loss ? "minimize" : "maximize")),
            goal ? place(leaf.file, goal->number) : "its name");
}

std::optional<Line> run_line(const Leaf& leaf) {
  return first_match(leaf.program,
                     R"(^\s*(?:\d+[.)]\s*)?(?:run[^:`]*:\s*)?`?([^`]*\S)\s*>\s*run\.log)");
}

void tell_of_network(const Leaf& leaf, const std::string& command, Found& found) {
  const auto cloud = first_match(
      leaf.program,
      R"((\w*(?:TINKER|OPENAI|ANTHROPIC|PRIME)_API_KEY|modal (?:run|setup)|prime login))");
  if (!cloud) return;
  found.notes.push_back(fmt::format(
      "{}: `{}` uses a service ({}, {}), but evaluators have no network: it can only run with "
      "--sandbox none",
      leaf.path, command, cloud->text, place(leaf.file, cloud->number)));
}

void set_evaluator(const Leaf& leaf, Draft& draft, Found& found) {
  const auto run = run_line(leaf);
  if (!run) {
    found.missing.push_back({fmt::format("{} has no line with \"COMMAND > run.log\"", leaf.file),
                             {"evaluator.command=COMMAND"}});
    return;
  }
  std::string command = in_a_copy(leaf.folder, "", found, leaf.path) + run->text + "\n";
  draft.set("evaluator", "command", toml_text(command), place(leaf.file, run->number));
  draft.set("evaluator", "parse", toml_text(R"(^(\w+):\s+(\S+)\s*$)"),
            "the lines that a run ends with");
  const auto kill = first_match(leaf.program, R"((?:exceeds|longer than|>) ?(\d+) min)");
  draft.set("evaluator", "timeout", toml_text((kill ? kill->text : "60") + "m"),
            kill ? place(leaf.file, kill->number) : "it says none");
  tell_of_network(leaf, run->text, found);
}

Draft draft_of(const Leaf& leaf, Found& found) {
  Draft draft{.folder = leaf.path};
  draft.set("lab", "agent_instructions", toml_text(kProgramText), "");
  set_artifact(leaf, draft, found);
  set_metric(leaf, draft);
  set_evaluator(leaf, draft, found);
  return draft;
}

}  // namespace

std::optional<Found> recognise_praxlab(const Folder& folder) {
  if (!is_lab_program(folder)) return std::nullopt;
  const std::vector<std::string> leaves = leaves_of(folder);
  if (leaves.empty()) return std::nullopt;
  Found found{.kind = "PraxLab", .seen = {"lab"}, .drafts = {}};
  Draft root;
  root.set("lab", "abstract", "true", "holds the leaves");
  for (const char* key : {"max_iterations", "max_hours", "plateau_threshold"}) {
    root.set("stop", key, "0", "its loops run until a person stops them");
  }
  found.drafts.push_back(std::move(root));
  for (const std::string& path : leaves) {
    const std::string file = path + "/" + std::string(kProgramText);
    found.seen.push_back(file);
    found.drafts.push_back(
        draft_of({folder, path, file, lines_of(folder.text(file).value_or(""))}, found));
  }
  if (folder.has("data/experiments.db")) found.log = "data/experiments.db";
  return found;
}

}  // namespace swarmlab::predecessors
