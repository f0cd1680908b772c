#include "common/lab/lab_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "common/lab/lab.h"
#include "common/lab/levels.h"
#include "common/lab/paths.h"
#include "common/lab/tables.h"
#include "common/lab/toml_tree.h"

namespace swarmlab {
namespace {

using toml_tree::Entry;
using toml_tree::Node;
using toml_tree::Table;

// The file as tables: hands each out once, then tells what is left.
class Tables {
 public:
  Tables(const Table& root, Problems& problems) : root_(root), problems_(problems) {}

  [[nodiscard]] Section section(std::string_view name) {
    const Entry* entry = find(name);
    if (entry == nullptr) return {problems_, fmt::format("[{}]", name), nullptr, Place{}};
    const auto* table = std::get_if<Table>(&entry->node.value);
    if (table == nullptr) {
      problems_.add(entry->line, fmt::format("{} is {}, expected a table [{}]", name,
                                             toml_tree::shown(entry->node), name));
    }
    return {problems_, fmt::format("[{}]", name), table, entry->line};
  }

  [[nodiscard]] std::vector<Section> sections(std::string_view name) {
    const Entry* entry = find(name);
    if (entry == nullptr) return {};
    const std::string title = fmt::format("[[{}]]", name);
    std::vector<Section> sections;
    const auto* list = std::get_if<toml_tree::List>(&entry->node.value);
    for (const Node& node : list == nullptr ? toml_tree::List{} : *list) {
      if (std::holds_alternative<Table>(node.value)) continue;
      list = nullptr;
      break;
    }
    if (list == nullptr) {
      problems_.add(entry->line, fmt::format("{} is {}, expected tables {}", name,
                                             toml_tree::shown(entry->node), title));
      return {};
    }
    for (const Node& node : *list) {
      sections.emplace_back(problems_, title, &std::get<Table>(node.value), node.line);
    }
    return sections;
  }

  /// [name], or each [[name]].
  [[nodiscard]] std::vector<Section> one_or_more(std::string_view name) {
    const auto entry = std::ranges::find(root_, name, &Entry::key);
    const bool is_list =
        entry != root_.end() && std::holds_alternative<toml_tree::List>(entry->node.value);
    if (is_list) return sections(name);
    std::vector<Section> one;
    one.push_back(section(name));
    return one;
  }

  void finish() {
    for (const Entry& entry : root_) {
      if (std::ranges::find(known_, entry.key) != known_.end()) continue;
      const bool is_table = std::holds_alternative<Table>(entry.node.value);
      if (!is_table && !std::holds_alternative<toml_tree::List>(entry.node.value)) {
        problems_.add(entry.line, fmt::format("{} stands outside of every table, expected it in "
                                              "one of [{}]",
                                              entry.key, fmt::join(known_, "], [")));
        continue;
      }
      const std::string_view near = nearest(entry.key, known_);
      problems_.add(entry.line,
                    near.empty()
                        ? fmt::format("[{}] is no known table, expected one of [{}]", entry.key,
                                      fmt::join(known_, "], ["))
                        : fmt::format("[{}] is no known table, expected [{}]", entry.key, near));
    }
  }

 private:
  const Entry* find(std::string_view name) {
    known_.push_back(name);
    const auto found = std::ranges::find(root_, name, &Entry::key);
    return found == root_.end() ? nullptr : &*found;
  }

  const Table& root_;
  Problems& problems_;
  std::vector<std::string_view> known_;
};

// [lab]: names and places.
void read_lab_table(Section lab, LabFile& file) {
  LabSettings& settings = file.settings;
  for (const char* key : {"name", "abstract"}) (void)lab.find(key);  // read_level() has them
  // Resolves a path of the lab; `target` is left alone where it is not in the repository.
  const auto path = [&](std::string_view key, std::string& target, const char* expected) {
    std::string text = target;
    if (!lab.text(key, text, expected) && lab.find(key) != nullptr) return std::string();
    const Place place = lab.find(key) == nullptr ? Place{} : lab.line(key);
    const Result<std::string> resolved = to_repository(text, file.folder_of(place));
    if (!resolved) {
      lab.problem(lab.line(key),
                  fmt::format("[lab] {} {} {}, expected {}", key, toml_tree::quoted(text),
                              resolved.error().message, expected));
      return std::string();
    }
    target = *file.to_lab(text, place);
    return *resolved;
  };
  std::string pipeline = "pipeline";
  settings.pipeline_dir = path("pipeline_dir", pipeline, "a folder of the repository");
  if (lab.find("pipeline_dir") != nullptr) file.lines.pipeline_dir = lab.line("pipeline_dir");
  settings.agent.instructions = "AGENT.md";
  (void)path("agent_instructions", settings.agent.instructions, "a file of the repository");
  if (lab.find("agent_instructions") != nullptr) {
    file.lines.instructions = lab.line("agent_instructions");
  }
  (void)path("results_file", settings.results_file, "a file of the repository");
  lab.finish();
}

void read_tables(const Table& root, LabFile& file) {
  Tables tables(root, file.problems);
  read_lab_table(tables.section("lab"), file);
  tables::read_metrics(tables.one_or_more("metric"), file);
  for (Section& constraint : tables.sections("constraint")) {
    tables::read_constraint(constraint, file);
  }
  Section backend = tables.section("backend");
  tables::read_evaluator(backend, tables.section("evaluator"), file);
  tables::read_guard(tables.section("guard"), file);
  tables::read_agent(tables.section("agent"), file);
  tables::read_limits(tables.section("limits"), file);
  tables::read_resources(tables.section("resources"), file);
  for (Section& scale : tables.sections("scale")) tables::read_scale(scale, file);
  tables::read_holdout(tables.section("holdout"), file);
  tables::read_search(tables.section("search"), file);
  tables::read_stop(tables.section("stop"), file);
  tables::read_sandbox(tables.section("sandbox"), file);
  tables::read_artifact(tables.section("artifact"), file);
  tables::settle_scales(file);
  tables::settle_sandbox(file);
  tables.finish();
}

// The nearer file says what scores: the other way to do so, farther up, is not inherited.
void drop_rivals(const Table& nearer, Table& farther) {
  const auto evaluator_of = [](Table& table) -> Table* {
    const auto found = std::ranges::find(table, "evaluator", &Entry::key);
    return found == table.end() ? nullptr : std::get_if<Table>(&found->node.value);
  };
  const Entry* evaluator = toml_tree::find(nearer, "evaluator");
  const auto* nearer_keys =
      evaluator == nullptr ? nullptr : std::get_if<Table>(&evaluator->node.value);
  const bool has_command =
      nearer_keys != nullptr && toml_tree::find(*nearer_keys, "command") != nullptr;
  const bool has_backend = toml_tree::find(nearer, "backend") != nullptr;
  if (has_command) {
    std::erase_if(farther, [](const Entry& entry) { return entry.key == "backend"; });
  }
  if (Table* keys = has_backend ? evaluator_of(farther) : nullptr) {
    std::erase_if(
        *keys, [](const Entry& entry) { return entry.key == "command" || entry.key == "parse"; });
  }
}

// What a file says of itself alone is not for the labs below it.
void drop_own_keys(Table& level) {
  const auto lab = std::ranges::find(level, "lab", &Entry::key);
  if (lab == level.end()) return;
  if (auto* keys = std::get_if<Table>(&lab->node.value)) {
    std::erase_if(*keys, [](const Entry& entry) {
      return entry.key == "name" || entry.key == "abstract" || entry.key == "results_file";
    });
  }
}

std::vector<std::string> folders_of(const LabTexts& texts) {
  std::vector<std::string> folders;
  for (auto at = texts.files.rbegin(); at != texts.files.rend(); ++at) {
    folders.push_back(at->folder);
  }
  folders.resize(folders.size() + texts.set.size(), texts.files.back().folder);
  return folders;
}

}  // namespace

Result<std::string> LabFile::to_lab(const std::string& path, Place place) const {
  SWARMLAB_TRY(resolved, to_repository(path, folder_of(place)));
  if (!is_inherited(place)) return path;
  const std::filesystem::path at_root(resolved);
  if (settings.folder.empty()) return resolved;
  return at_root.lexically_relative(settings.folder).generic_string();
}

LabFile read_lab_file(const LabTexts& texts) {
  LabFile file{
      .settings = {}, .lines = {}, .problems = problems_of(texts), .folders = folders_of(texts)};
  file.settings.folder = texts.files.back().folder;
  Levels levels = read_levels(texts, file.problems);
  file.settings.name = std::move(levels.name);
  Table whole = read_set(texts, file.problems);
  if (!file.problems.empty()) return file;
  if (levels.abstract) {
    file.problems.add(*levels.abstract,
                      "[lab] abstract is true: it is no lab itself, expected one below it");
    return file;
  }
  for (Table& level : levels.tables) {
    if (&level != &levels.tables.front()) drop_own_keys(level);
    drop_rivals(whole, level);
    whole = toml_tree::merged(std::move(whole), std::move(level));
  }
  read_tables(whole, file);
  return file;
}

}  // namespace swarmlab
