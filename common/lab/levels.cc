#include "common/lab/levels.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "common/lab/paths.h"
#include "common/lab/section.h"

namespace swarmlab {
namespace {

using toml_tree::Entry;
using toml_tree::Node;
using toml_tree::Table;

constexpr std::size_t kLongestName = 100;

Table parse_file(const std::string& text, int file, Problems& problems) {
  Result<Table> table = toml_tree::parse(text, file);
  if (table) return *std::move(table);
  // "LINE: why"
  const std::string& message = table.error().message;
  int line = 0;
  std::from_chars(message.data(), message.data() + message.size(), line);
  problems.add({.file = file, .line = line}, message.substr(message.find(": ") + 2));
  return {};
}

// What [lab] says of this level alone.
struct OwnKeys {
  std::string name;  // empty: none is given
  std::optional<Place> abstract;
};

OwnKeys read_own(const Table& level, Problems& problems) {
  constexpr const char* kName = "a name on one line with at least one letter or digit";
  OwnKeys own;
  const Entry* entry = toml_tree::find(level, "lab");
  if (entry == nullptr || !std::holds_alternative<Table>(entry->node.value)) return own;
  Section lab(problems, "[lab]", &std::get<Table>(entry->node.value), entry->line);
  if (lab.text("name", own.name, kName) &&
      (safe_name(own.name).empty() || own.name.size() > kLongestName ||
       own.name.find_first_of("\n\t") != std::string::npos)) {
    lab.wrong("name", kName);
  }
  bool abstract = false;
  if (lab.flag("abstract", abstract) && abstract) own.abstract = lab.line("abstract");
  return own;
}

std::string last_part(const std::string& folder) {
  return folder.substr(folder.rfind('/') + 1);
}

// The part that a level adds to the names of the labs below it.
std::string part_of(const LabTexts& texts, std::size_t level, const OwnKeys& own) {
  if (!own.name.empty()) return own.name;
  const std::string& folder = texts.files[level].folder;
  if (level > 0) {
    const std::string& above = texts.files[level - 1].folder;
    return above.empty() ? folder : folder.substr(above.size() + 1);
  }
  if (!folder.empty()) return last_part(folder);
  return own.abstract ? std::string() : texts.root_name;
}

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

// A value as TOML has it; what is none, such as best-of-n or 10m, is a text.
Node value_of(const std::string& text, int file) {
  const Place here{.file = file, .line = 1};
  if (const auto table = toml_tree::parse("value = " + text, file);
      table && table->size() == 1 && table->front().key == "value") {
    return table->front().node;
  }
  return Node{.value = text, .line = here};
}

Table read_one(const std::string& set, int file, Problems& problems) {
  const Place here{.file = file, .line = 1};
  const std::size_t equals = set.find('=');
  const std::string key = trimmed(set.substr(0, equals));
  const std::size_t dot = key.find('.');
  const bool is_one_line = set.find_first_of("\n\r") == std::string::npos;
  if (equals == std::string::npos || dot == std::string::npos || dot == 0 ||
      dot + 1 == key.size() || !is_one_line) {
    problems.add(here, "expected TABLE.KEY=VALUE such as search.policy=best-of-n");
    return {};
  }
  constexpr std::array<std::string_view, 4> kOwn{"lab.name", "lab.abstract", "lab.results_file",
                                                 "evaluator.data"};
  if (std::ranges::find(kOwn, key) != kOwn.end()) {
    problems.add(here, fmt::format("{} cannot be set for a branch", key));
    return {};
  }
  Entry entry{.key = key.substr(dot + 1),
              .line = here,
              .node = value_of(trimmed(set.substr(equals + 1)), file)};
  Table keys;
  keys.push_back(std::move(entry));
  Table table;
  table.push_back(Entry{.key = key.substr(0, dot),
                        .line = here,
                        .node = Node{.value = std::move(keys), .line = here}});
  return table;
}

}  // namespace

Problems problems_of(const LabTexts& texts) {
  std::vector<Problems::Source> sources;
  for (auto at = texts.files.rbegin(); at != texts.files.rend(); ++at) {
    sources.push_back({.name = join(at->folder, "lab.toml")});
  }
  for (const std::string& set : texts.set) {
    sources.push_back({.name = "--set " + set, .has_lines = false});
  }
  return Problems(std::move(sources));
}

Levels read_levels(const LabTexts& texts, Problems& problems) {
  Levels levels;
  const std::size_t last = texts.files.size() - 1;
  for (std::size_t level = 0; level <= last; ++level) {
    Table table = parse_file(texts.files[level].text, static_cast<int>(last - level), problems);
    const OwnKeys own = read_own(table, problems);
    levels.name = join(levels.name, part_of(texts, level, own));
    levels.abstract = own.abstract;
    levels.tables.insert(levels.tables.begin(), std::move(table));
  }
  return levels;
}

Table read_set(const LabTexts& texts, Problems& problems) {
  Table whole;
  int file = static_cast<int>(texts.files.size());
  for (const std::string& set : texts.set) {
    whole = toml_tree::merged(read_one(set, file++, problems), std::move(whole));
  }
  return whole;
}

}  // namespace swarmlab
