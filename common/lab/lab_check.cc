#include "common/lab/lab_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <variant>

#include "common/lab/freeze.h"
#include "common/lab/lab_file.h"
#include "common/lab/paths.h"
#include "common/lab/scope.h"
#include "common/lab/toml_tree.h"

namespace swarmlab {
namespace {

using Files = std::set<std::string, std::less<>>;

bool has_folder(const Files& files, const std::string& folder) {
  const auto first = files.lower_bound(folder + "/");
  return first != files.end() && first->starts_with(folder + "/");
}

// What is laid over the lab must not replace what agents edit: their work would be lost there.
void check_overlay(LabFile& file, const Scale& scale, const Files& files) {
  if (scale.overlay.empty()) return;
  const auto problem = [&](std::string what) {
    file.problems.add(Place{}, fmt::format("[[scale]] {}: overlay is {}, {}", scale.name,
                                           toml_tree::quoted(scale.overlay), what));
  };
  if (!has_folder(files, scale.overlay)) {
    return problem("expected a folder with files: nothing in the commit is below it");
  }
  const Result<Scope> scope = Scope::from(file.settings.artifact);
  if (!scope) return;
  const std::string folder = scale.overlay + "/";
  for (auto at = files.lower_bound(folder); at != files.end() && at->starts_with(folder); ++at) {
    const std::string over = join(file.settings.folder, at->substr(folder.size()));
    if (!scope->editable(over)) continue;
    return problem(
        fmt::format("expected only frozen files to be laid over: agents may edit {}", over));
  }
}

void check_named_files(LabFile& file, const Files& files) {
  const LabSettings& settings = file.settings;
  const auto check_file = [&](Place line, const char* key, const std::string& path) {
    const Result<std::string> at_root = to_repository(path, settings.folder);
    if (!line.known() || !at_root || files.contains(*at_root)) return;
    file.problems.add(line, fmt::format("{} is {}, expected a file: {} is not in the commit", key,
                                        toml_tree::quoted(path), *at_root));
  };
  if (const auto* backend = std::get_if<PythonBackend>(&settings.evaluator.how)) {
    check_file(file.lines.backend, "[backend] module", backend->module);
  }
  const std::string& dockerfile = settings.sandbox.dockerfile;
  if (!dockerfile.empty() && !files.contains(dockerfile)) {
    file.problems.add(file.lines.dockerfile,
                      fmt::format("[sandbox] dockerfile is {}, expected a file: it is not in the "
                                  "commit",
                                  toml_tree::quoted(dockerfile)));
  }
  check_file(file.lines.instructions, "[lab] agent_instructions", settings.agent.instructions);
  const DataSource& data = settings.evaluator.data;
  for (const Scale& scale : settings.scales) check_overlay(file, scale, files);
  if (data.kind == DataSource::Kind::folder && !has_folder(files, data.path)) {
    file.problems.add(file.lines.data,
                      fmt::format("[evaluator] data is {}, expected a folder with files: nothing "
                                  "in the commit is below it",
                                  toml_tree::quoted(data.path)));
  }
}

constexpr std::string_view kBetweenWords = " \t\n;&|()<>\"'`=$";

// The command with `prefix` before each word that is a file, seen from `folder`.
std::string with_prefix(const std::string& command, const std::string& prefix,
                        const std::string& folder, const Files& files) {
  std::string result;
  for (std::size_t at = 0; at < command.size();) {
    const std::size_t end = std::min(command.find_first_of(kBetweenWords, at), command.size());
    const std::string word = command.substr(at, end - at);
    const Result<std::string> path = to_repository(word, folder);
    if (path && files.contains(*path)) result += prefix;
    result += word;
    if (end < command.size()) result += command[end];
    at = end + 1;
  }
  return result;
}

// Commands run in the lab's folder, but the scripts that an inherited one names are relative to the
// file that states it.
void lead_to_scripts(const LabFile& file, std::string& command, Place line, const Files& files) {
  if (!file.is_inherited(line)) return;
  const std::string& from = file.folder_of(line);
  const std::size_t above =
      folders_down_to(file.settings.folder).size() - folders_down_to(from).size();
  std::string prefix;
  for (std::size_t i = 0; i < above; ++i) prefix += "../";
  command = with_prefix(command, prefix, from, files);
}

void lead_to_scripts(LabFile& file, const Files& files) {
  LabSettings& settings = file.settings;
  if (auto* evaluator = std::get_if<CommandEvaluator>(&settings.evaluator.how)) {
    lead_to_scripts(file, evaluator->command, file.lines.evaluator_command, files);
  }
  if (settings.guard) {
    lead_to_scripts(file, settings.guard->command, file.lines.guard_command, files);
  }
  lead_to_scripts(file, settings.agent.command, file.lines.agent_command, files);
}

// Folders above the lab that what scores comes from.
std::vector<std::string> scored_from(const LabFile& file) {
  std::set<std::string> folders;
  const LabLines& lines = file.lines;
  for (const Place place : {lines.evaluator_command, lines.backend, lines.guard_command}) {
    if (file.is_inherited(place)) folders.insert(file.folder_of(place));
  }
  return {folders.begin(), folders.end()};
}

// The words of a command that are files of the lab: probably what scores, so not to be edited.
std::vector<std::string> scripts_in(const std::string& command, const std::string& folder,
                                    const Files& files) {
  std::vector<std::string> scripts;
  std::string_view rest = command;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of(kBetweenWords), rest.size());
    const Result<std::string> path = to_repository(rest.substr(0, end), folder);
    if (path && files.contains(*path) && std::ranges::find(scripts, *path) == scripts.end()) {
      scripts.push_back(*path);
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return scripts;
}

void freeze_scripts(LabFile& file, const std::string& command, Place line, const char* key,
                    const Files& files, Problems& warnings) {
  Artifact& artifact = file.settings.artifact;
  const Result<Scope> scope = Scope::from(artifact);
  if (!line.known() || !scope) return;
  for (const std::string& script : scripts_in(command, file.settings.folder, files)) {
    const bool is_editable = scope->editable(script);
    if (std::ranges::find(artifact.editable, escape_glob(script)) != artifact.editable.end()) {
      if (!is_editable) continue;  // somebody froze it
      warnings.add(line, fmt::format("{} runs {}, which agents may edit: a score is only as "
                                     "honest as that file",
                                     key, script));
      continue;
    }
    freeze_file(artifact, script);
    if (!is_editable) continue;
    warnings.add(line, fmt::format("{} runs {}, so it is frozen; if agents are to edit it, add "
                                   "just it to [artifact] editable",
                                   key, script));
  }
}

// Each glob must match; something must be left: false if all that they match is frozen.
bool check_editable(LabFile& file, const std::vector<std::string>& files, Problems& warnings) {
  const Artifact& artifact = file.settings.artifact;
  const Result<Scope> scope = Scope::from(artifact);
  if (!scope || artifact.editable.empty()) return true;
  bool all_match = true;
  for (std::size_t i = 0; i < artifact.editable.size(); ++i) {
    const std::string& glob = artifact.editable[i];
    const Place line = i < file.lines.editable.size() ? file.lines.editable[i] : Place{};
    const Result<Scope> alone = Scope::from(Artifact{{glob}, {}, 0});
    const auto matches = [&](const std::string& path) { return alone && alone->editable(path); };
    const auto is_left = [&](const std::string& path) {
      return matches(path) && scope->editable(path);
    };
    if (std::ranges::none_of(files, matches)) {
      all_match = false;
      file.problems.add(line, fmt::format("[artifact] editable {} matches no file of the commit",
                                          toml_tree::quoted(glob)));
    } else if (std::ranges::none_of(files, is_left)) {
      warnings.add(line, fmt::format("[artifact] editable {} matches only frozen files",
                                     toml_tree::quoted(glob)));
    }
  }
  const auto editable = [&](const std::string& path) { return scope->editable(path); };
  if (!all_match || std::ranges::any_of(files, editable)) return true;
  file.problems.add(file.lines.artifact,
                    "[artifact] editable matches only frozen files, expected one that is not: "
                    "else an agent can change nothing");
  return false;
}

}  // namespace

Result<CheckedLab> check_lab(std::string_view text, const std::string& folder,
                             const std::vector<std::string>& files,
                             const std::string& default_name) {
  return check_lab(
      {.files = {{.folder = folder, .text = std::string(text)}}, .root_name = default_name}, files);
}

Result<CheckedLab> check_lab(const LabTexts& texts, const std::vector<std::string>& files) {
  LabFile file = read_lab_file(texts);
  Problems warnings = file.problems.none();
  const Files known(files.begin(), files.end());
  lead_to_scripts(file, known);
  check_named_files(file, known);
  if (const auto* command = std::get_if<CommandEvaluator>(&file.settings.evaluator.how)) {
    freeze_scripts(file, command->command, file.lines.evaluator_command, "[evaluator] command",
                   known, warnings);
  }
  if (file.settings.guard) {
    freeze_scripts(file, file.settings.guard->command, file.lines.guard_command, "[guard] command",
                   known, warnings);
  }
  const std::vector<std::string> why_frozen = warnings.lines();
  const bool is_anything_left = check_editable(file, files, warnings);
  if (!file.problems.empty()) {
    Error error = file.problems.error();
    if (!is_anything_left) {
      for (const std::string& line : why_frozen) error.message += "\n" + line;
    }
    return tl::unexpected(std::move(error));
  }
  std::vector<std::string> from = scored_from(file);
  return CheckedLab{std::move(file.settings), warnings.lines(), std::move(from)};
}

Result<void> check_has_agent(const LabSettings& settings) {
  if (settings.agent.kind != AgentKind::command || !settings.agent.command.empty()) return {};
  return fail(
      ErrorCode::invalid_input,
      "{}: no agent, expected [agent] kind = \"claude\" (or \"codex\", \"pi\", \"opencode\"), or "
      "[agent] command = \"...\" in it to run the lab",
      join(settings.folder, "lab.toml"));
}

}  // namespace swarmlab
