// `swarmlab import DIR`: a lab that was made for a predecessor gets a lab.toml, and nothing else of
// it is touched.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>
#include <system_error>

#include "cli/commands.h"
#include "cli/locate.h"
#include "cli/predecessors/recognise.h"
#include "cli/text.h"
#include "common/git/repository.h"
#include "common/lab/lab.h"
#include "common/os/file.h"

namespace swarmlab::cli {

namespace {

namespace fs = std::filesystem;
using predecessors::Draft;
using predecessors::Found;

struct ImportOptions {
  std::string folder = ".";
  std::string agent;  // a preset's name, or a command
  std::vector<std::string> set;
  bool dry_run = false;
};

// A file to be.
struct LabToml {
  fs::path path;
  std::string shown;  // relative to where we are
  std::string text;
  bool is_there = false;  // then it is left as it is
};

// What is no TOML by itself is a text.
std::string as_toml(const std::string& value) {
  const bool is_marked = value.starts_with('[') || value.starts_with('"') ||
                         value.starts_with('\'') || value == "true" || value == "false";
  double number = 0;
  const char* const end = value.data() + value.size();
  const auto [stopped, error] = std::from_chars(value.data(), end, number);
  const bool is_number = error == std::errc{} && stopped == end;
  return is_marked || is_number ? value : predecessors::toml_text(value);
}

// Into the lab itself; of a tree, into each leaf.
Result<std::set<std::string>> apply_set(const std::vector<std::string>& set, Found& found) {
  std::set<std::string> keys;
  for (const std::string& one : set) {
    const std::size_t equals = one.find('=');
    const std::size_t dot = one.find('.');
    if (equals == std::string::npos || dot == std::string::npos || dot > equals || dot == 0) {
      return fail(ErrorCode::invalid_input, "--set {}, expected TABLE.KEY=VALUE", one);
    }
    keys.insert(one.substr(0, equals));
    for (Draft& draft : found.drafts) {
      if (draft.find("lab", "abstract") != nullptr) continue;
      draft.set(one.substr(0, dot), one.substr(dot + 1, equals - dot - 1),
                as_toml(one.substr(equals + 1)), "--set");
    }
  }
  return keys;
}

Result<void> check_nothing_is_missing(const Found& found, const std::set<std::string>& keys) {
  std::string text;
  for (const predecessors::Missing& missing : found.missing) {
    std::string sets;
    for (const std::string& one : missing.sets) {
      if (!keys.contains(one.substr(0, one.find('=')))) sets += fmt::format(" --set '{}'", one);
    }
    if (!sets.empty()) text += fmt::format("\n  {}: give it by{}", missing.why, sets);
  }
  if (text.empty()) return {};
  return fail(ErrorCode::invalid_input, "a lab of {}, but not all is said:{}", found.kind, text);
}

predecessors::AgentWish agent_wish(const std::string& words) {
  constexpr std::array<std::string_view, 4> kPresets{"claude", "codex", "pi", "opencode"};
  if (std::ranges::find(kPresets, words) != kPresets.end()) return {.command = {}, .kind = words};
  return {.command = words, .kind = {}};
}

// Behind the bridge these know no model but the one that they are told.
void ask_for_model(Found& found, const predecessors::AgentWish& wish) {
  const std::string& kind = wish.command.empty() && wish.kind.empty() ? found.agent : wish.kind;
  if (kind != "pi" && kind != "opencode") return;
  found.missing.push_back(
      {fmt::format("{} does not know which model to use", kind), {"agent.model=gpt-5"}});
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

std::vector<LabToml> files_of(const Context& context, const fs::path& folder, const Found& found,
                              const ImportOptions& options) {
  std::vector<LabToml> files;
  for (const Draft& draft : found.drafts) {
    const fs::path path = (folder / draft.folder / "lab.toml").lexically_normal();
    files.push_back({.path = path,
                     .shown = path.lexically_proximate(context.cwd).string(),
                     .text = predecessors::lab_toml(found, draft, agent_wish(options.agent)),
                     .is_there = is_there(path)});
  }
  return files;
}

// What would be written is read as `run` reads it: with what is above it.
Result<void> check_texts(const fs::path& root, const std::vector<LabToml>& files) {
  std::vector<LabText> above;
  for (const LabToml& file : files) {
    std::string folder = file.path.parent_path().lexically_relative(root).generic_string();
    if (folder == ".") folder.clear();
    LabTexts texts{.files = above, .root_name = root.filename().string()};
    texts.files.push_back({.folder = folder, .text = file.text});
    SWARMLAB_TRY(node, read_lab_node(texts));
    if (!node.abstract) SWARMLAB_CHECK(read_lab(texts));
    if (above.empty() && files.size() > 1) above = texts.files;
  }
  return {};
}

void print_json(const Context& context, const Found& found, const std::vector<LabToml>& files) {
  using nlohmann::ordered_json;
  ordered_json labs = ordered_json::array();
  for (std::size_t i = 0; i < files.size(); ++i) {
    ordered_json settings = ordered_json::array();
    for (const predecessors::Setting& one : found.drafts[i].settings) {
      settings.push_back(
          {{"table", one.table}, {"key", one.key}, {"value", one.value}, {"from", one.from}});
    }
    labs.push_back({{"file", files[i].shown},
                    {"written", !files[i].is_there},
                    {"settings", std::move(settings)},
                    {"text", files[i].text}});
  }
  const ordered_json body = {{"kind", found.kind},      {"seen", found.seen},
                             {"labs", std::move(labs)}, {"notes", found.notes},
                             {"expose", found.expose},  {"log", found.log}};
  context.out << body.dump(2, ' ', false, ordered_json::error_handler_t::replace) << '\n';
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

void tell_settings(const Context& context, const Found& found) {
  constexpr std::size_t kLongest = 60;
  for (const Draft& draft : found.drafts) {
    if (!draft.folder.empty()) context.note("  " + draft.folder);
    for (const predecessors::Setting& one : draft.settings) {
      if (one.from.empty()) continue;
      context.note(fmt::format("  {:<28} {}  ({})", one.table + "." + one.key,
                               cut(one_line(one.value), kLongest), one.from));
    }
  }
}

void tell_next_steps(const Context& context, const Found& found, const ImportOptions& options,
                     const std::vector<LabToml>& files) {
  std::string paths;
  for (const LabToml& file : files) {
    if (!file.is_there) paths += " " + file.shown;
  }
  std::string flags = options.folder == "." ? "" : " " + options.folder;
  for (const std::string& path : found.expose) flags += " --expose " + path;
  if (!paths.empty()) {
    context.note(fmt::format("  git add{} && git commit -m \"Let swarmlab run it\"", paths));
  }
  if (options.agent.empty() && found.agent.empty()) {
    context.note("  say in [agent] of it who does the experiments");
  }
  context.note("  swarmlab check" + flags);
  for (const std::string& flag : found.run_flags) flags += " " + flag;
  context.note("  swarmlab run" + flags);
}

Result<void> write(const Context& context, const std::vector<LabToml>& files) {
  for (const LabToml& file : files) {
    if (file.is_there) {
      context.note(file.shown + " is there: left as it is");
      continue;
    }
    SWARMLAB_CHECK(write_file(file.path.string(), file.text));
    context.note("wrote " + file.shown);
  }
  return {};
}

Error unknown(const fs::path& folder) {
  return {ErrorCode::not_found,
          fmt::format(
              "{} is no lab that import knows. It looks for: lab.toml with [backend] (Autoresearch "
              "Lab); .auto/measure.sh or autoresearch.sh (pi-autoresearch); PROGRAM.md and "
              "PREPARE.md (polyresearch); lab and leaves with program.md (PraxLab); program.md, "
              "train.py and prepare.py (karpathy/autoresearch); a Markdown file with Goal:, Scope: "
              "and Verify: lines (uditgoenka/autoresearch). For another one: swarmlab init",
              folder.string())};
}

Result<void> import_lab(const Context& context, const ImportOptions& options) {
  std::error_code error;
  const fs::path folder = fs::canonical(context.cwd / options.folder, error);
  if (error || !fs::is_directory(folder)) {
    return fail(ErrorCode::not_found, "{} is no folder", options.folder);
  }
  const auto repository = git::Repository::discover(folder.string());
  if (!repository) {
    return fail(ErrorCode::not_found,
                "{} is in no git repository, and experiments start from what is committed: git "
                "init, git add, git commit first",
                folder.string());
  }
  const fs::path root = fs::canonical(repository->folder(), error);
  const auto on_disk =
      predecessors::folder_on_disk(folder, root, context.variable("HOME").value_or(""));
  auto found = predecessors::recognise(*on_disk);
  if (!found) return tl::unexpected(unknown(folder));
  SWARMLAB_TRY(keys, apply_set(options.set, *found));
  ask_for_model(*found, agent_wish(options.agent));
  SWARMLAB_CHECK(check_nothing_is_missing(*found, keys));
  const std::vector<LabToml> files = files_of(context, folder, *found, options);
  SWARMLAB_CHECK(check_texts(root, files));
  if (context.json) print_json(context, *found, files);
  context.note(fmt::format("{}: {}", found->kind, joined(found->seen)));
  tell_settings(context, *found);
  for (const std::string& note : found->notes) context.note("note: " + note);
  if (options.dry_run) {
    for (const LabToml& file : files) {
      if (!context.json) context.out << "# " << file.shown << '\n' << file.text;
    }
    return {};
  }
  SWARMLAB_CHECK(write(context, files));
  tell_next_steps(context, *found, options, files);
  return {};
}

}  // namespace

void add_import(CLI::App& app, Context& context) {
  auto options = std::make_shared<ImportOptions>();
  CLI::App* command =
      app.add_subcommand("import", "Write the lab.toml of a lab that was made for another program");
  command->group(kGroupLab);
  command->add_option("DIR", options->folder, "Where it is (default: here)");
  command->add_option("--agent", options->agent,
                      "Who does the experiments: claude, codex, pi, opencode, or a command");
  command->add_option(
      "--set", options->set,
      "TABLE.KEY=VALUE of lab.toml, before what the files say (may be given again)");
  command->add_flag("--dry-run", options->dry_run, "Print it, and write nothing");
  add_json(*command, context);
  add_quiet(*command, context);
  add_examples(
      *command,
      "  swarmlab import autoresearch --dry-run\n"
      "  swarmlab import autoresearch --agent claude && git -C autoresearch add lab.toml\n"
      "  swarmlab import . --agent 'sh agent.sh' --set stop.max_iterations=20\n"
      "It knows Autoresearch Lab, karpathy/autoresearch, pi-autoresearch, PraxLab,\n"
      "polyresearch and uditgoenka/autoresearch. A lab.toml that is there stays as it is.");
  command->callback([&context, options] {
    context.action = [&context, options] { return import_lab(context, *options); };
  });
}

}  // namespace swarmlab::cli
