// karpathy/autoresearch: program.md tells an agent to improve train.py, the only file that it may
// edit; prepare.py is fixed. A run of train.py ends with lines "val_bpb:   0.997900", one of which
// is the score.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "cli/predecessors/commands.h"
#include "cli/predecessors/recognise.h"
#include "cli/predecessors/text.h"

namespace swarmlab::predecessors {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProgramFile = "program.md";
constexpr const char* kTrain = "train.py";
constexpr const char* kPrepare = "prepare.py";

struct Texts {
  std::vector<Line> program;
  std::vector<Line> train;
  std::vector<Line> prepare;
};

std::string from_program(const std::optional<Line>& line) {
  return line ? place(kProgramFile, line->number) : "";
}

void set_artifact(const Texts& texts, Draft& draft) {
  const auto says = first_match(texts.program, R"(train\.py.*(?:only file|edit|modify))");
  draft.set("lab", "agent_instructions", toml_text(kProgramFile), "");
  draft.set("artifact", "editable", toml_list({kTrain}), from_program(says));
}

void set_metric(const Texts& texts, Draft& draft) {
  const auto name = first_match(texts.program, R"(grep\s+["']\^(\w+):)");
  const std::string metric = name ? name->text : "val_bpb";
  const auto goal =
      first_match(texts.program,
                  fmt::format("(?:lowest|highest).*{0}|{0}.*(?:lower|higher) is better", metric));
  const auto direction = goal ? direction_in(goal->text) : std::nullopt;
  draft.set("metric", "name", toml_text(metric), from_program(name));
  draft.set("metric", "direction", toml_text(direction.value_or("minimize")), from_program(goal));
}

// Where prepare.py puts data and tokenizer: below the home folder, which sandboxes do not see.
void set_cache(const Folder& folder, const Texts& texts, Found& found, std::string& command) {
  const auto line = first_match(texts.prepare, R"(\.cache["'/, ]+([\w-]+))");
  if (!line) return;
  const fs::path cache = folder.home() / ".cache" / line->text;
  std::error_code ignored;
  if (folder.home().empty() || !fs::is_directory(cache, ignored)) {
    found.notes.push_back(fmt::format(
        "{} keeps data in ~/.cache/{}, which is not there: run it once, then import again, so that "
        "the evaluator sees it",
        place(kPrepare, line->number), line->text));
    return;
  }
  found.drafts.front().set("evaluator", "data", toml_text("path:" + cache.string()),
                           place(kPrepare, line->number));
  found.notes.push_back(fmt::format(
      "the data is {}: every worker must have the same there (it is hashed), or ship it with "
      "--data {}",
      cache.string(), cache.string()));
  command = fmt::format("mkdir -p ~/.cache && ln -sfn \"$SWARMLAB_DATA\" ~/.cache/{} || exit 1\n",
                        line->text) +
            command;
}

void set_evaluator(const Folder& folder, const Texts& texts, Found& found) {
  Draft& draft = found.drafts.front();
  const auto told = first_match(texts.program, R"(((?:uv run|python3?) (?:\S+ )?train\.py))");
  std::error_code ignored;
  const bool has_venv =
      !folder.place().empty() && fs::is_directory(folder.place() / ".venv", ignored);
  std::string run = told ? told->text : "python3 train.py";
  if (has_venv) {
    run = ".venv/bin/python train.py";
  } else if (!folder.has("pyproject.toml")) {
    run = "python3 train.py";
  } else {
    found.notes.emplace_back(
        "`uv run` has no network in the sandbox: run `uv sync` here and import again, so that the "
        "lab's .venv is used, or show uv and its environment with --expose");
  }
  std::string command = in_a_copy(folder, "", found) + run + "\n";
  set_cache(folder, texts, found, command);
  draft.set("evaluator", "command", toml_text(command), from_program(told));
  draft.set("evaluator", "parse", toml_text(R"(^(\w+):\s+(\S+)\s*$)"),
            "the lines that a run ends with");
  const auto kill =
      first_match(texts.program, R"(((?:exceeds|takes more than|longer than) \d+) min)");
  const auto minutes = kill ? first_match({*kill}, R"((\d+))") : std::nullopt;
  draft.set("evaluator", "timeout", toml_text((minutes ? minutes->text : "10") + "m"),
            from_program(kill));
}

void set_machine(const Texts& texts, Found& found) {
  Draft& draft = found.drafts.front();
  auto cuda = first_match(texts.train, R"(\bcuda\b)");
  std::string from = kTrain;
  if (!cuda) {
    cuda = first_match(texts.prepare, R"(\bcuda\b)");
    from = kPrepare;
  }
  if (!cuda) return;
  draft.set("limits", "memory", toml_text("0B"), "a GPU program maps more than it uses");
  draft.set("limits", "processes", "0", "");
  draft.set("resources", "gpus", "1", place(from, cuda->number));
  found.notes.emplace_back(
      "each experiment has one GPU of its own: a worker has as many slots for it as it has GPUs "
      "(--gpus); compare only GPUs of one kind ([resources] labels)");
}

void set_stop(const Texts& texts, Draft& draft) {
  const auto never = first_match(texts.program, R"(never stop|loop forever)");
  if (!never) return;
  for (const char* key : {"max_iterations", "max_hours", "plateau_threshold"}) {
    draft.set("stop", key, "0", place(kProgramFile, never->number));
  }
}

}  // namespace

std::optional<Found> recognise_karpathy(const Folder& folder) {
  const auto program = folder.text(kProgramFile);
  const auto train = folder.text(kTrain);
  const auto prepare = folder.text(kPrepare);
  if (!program || !train || !prepare) return std::nullopt;
  const Texts texts{lines_of(*program), lines_of(*train), lines_of(*prepare)};
  Found found{.kind = "karpathy/autoresearch",
              .seen = {kProgramFile, kTrain, kPrepare},
              .drafts = {Draft{}}};
  if (folder.has("results.tsv")) found.log = "results.tsv";
  Draft& draft = found.drafts.front();
  set_artifact(texts, draft);
  set_metric(texts, draft);
  set_evaluator(folder, texts, found);
  set_machine(texts, found);
  set_stop(texts, draft);
  return found;
}

}  // namespace swarmlab::predecessors
