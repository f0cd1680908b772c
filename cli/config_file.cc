#include "cli/config_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "cli/known_settings.h"
#include "cli/option_kind.h"
#include "common/os/file.h"

namespace swarmlab::cli {

namespace {

constexpr std::uint64_t kMostBytes = 1U << 20U;

std::string meant_or_all(std::string_view name, const std::vector<std::string_view>& known) {
  const std::string_view near = nearest(name, known);
  return near.empty() ? fmt::format("one of {}", fmt::join(known, ", ")) : std::string(near);
}

void check_table(const std::string& name, const toml_tree::Table& table,
                 const std::vector<KnownSettings::Known>& known, Problems& problems) {
  std::vector<std::string_view> keys;
  for (const auto& one : known) keys.push_back(one.key);
  for (const toml_tree::Entry& entry : table) {
    const auto found = std::ranges::find(known, entry.key, &KnownSettings::Known::key);
    if (found == known.end()) {
      problems.add(entry.line, fmt::format("[{}] {} is no known key, expected {}", name, entry.key,
                                           meant_or_all(entry.key, keys)));
    } else if (!words_of(*found->option, entry.node)) {
      problems.add(entry.line,
                   fmt::format("[{}] {} is {}, expected {}", name, entry.key,
                               toml_tree::shown(entry.node), expected_by(*found->option)));
    }
  }
}

void check(const toml_tree::Table& root, Problems& problems) {
  const KnownSettings known;
  std::vector<std::string_view> names;
  for (const auto& [name, settings] : known.tables()) names.push_back(name);
  for (const toml_tree::Entry& entry : root) {
    const auto* table = std::get_if<toml_tree::Table>(&entry.node.value);
    const auto settings =
        std::ranges::find(known.tables(), entry.key, [](const auto& one) { return one.first; });
    if (settings == known.tables().end()) {
      problems.add(entry.line, fmt::format("{} is no known table, expected {}", entry.key,
                                           meant_or_all(entry.key, names)));
    } else if (table == nullptr) {
      problems.add(entry.line, fmt::format("{} is {}, expected a table", entry.key,
                                           toml_tree::shown(entry.node)));
    } else {
      check_table(entry.key, *table, settings->second, problems);
    }
  }
}

}  // namespace

Result<ConfigFile> ConfigFile::read(const std::string& path) {
  SWARMLAB_TRY(text, read_file(path, kMostBytes));
  auto root = toml_tree::parse(text);
  if (!root) return tl::unexpected(Error{root.error().code, path + ":" + root.error().message});
  Problems problems({{.name = path}});
  check(*root, problems);
  if (!problems.empty()) return tl::unexpected(problems.error());
  ConfigFile file;
  file.path_ = path;
  file.root_ = *std::move(root);
  return file;
}

ConfigFile::Found ConfigFile::find(std::string_view table, const std::string& key) const {
  const auto look = [this](std::string_view name, std::string_view wanted) -> Found {
    const toml_tree::Entry* entry = toml_tree::find(root_, name);
    const auto* values =
        entry == nullptr ? nullptr : std::get_if<toml_tree::Table>(&entry->node.value);
    const toml_tree::Entry* value = values == nullptr ? nullptr : toml_tree::find(*values, wanted);
    return {value == nullptr ? nullptr : &value->node, std::string(name)};
  };
  if (Found found = look(table, key); found.node != nullptr) return found;
  if (!key.starts_with(kLogPrefix) || table == "client") return {};
  return look("log", std::string_view(key).substr(kLogPrefix.size()));
}

}  // namespace swarmlab::cli
