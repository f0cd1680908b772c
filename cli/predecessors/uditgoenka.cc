// uditgoenka/autoresearch: a block of "Goal: ... Scope: ... Metric: ... Verify: ..." lines, as it
// is given to the agent. In a folder it stands in a Markdown file, or in the handoff.json of a
// plan.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/predecessors/commands.h"
#include "cli/predecessors/recognise.h"
#include "cli/predecessors/text.h"

namespace swarmlab::predecessors {
namespace {

using nlohmann::json;

constexpr std::array<const char*, 8> kKeys{"Goal",   "Scope", "Metric",     "Direction",
                                           "Verify", "Guard", "Iterations", "Extract"};

struct Block {
  std::string file;
  std::map<std::string, Line> values;  // by key

  [[nodiscard]] std::string value(const std::string& key) const {
    const auto found = values.find(key);
    return found == values.end() ? "" : found->second.text;
  }
  [[nodiscard]] std::string from(const std::string& key) const {
    const auto found = values.find(key);
    return found == values.end() ? "" : place(file, found->second.number);
  }
};

std::optional<std::pair<std::string, Line>> key_line(const Line& line) {
  for (const char* key : kKeys) {
    const auto value = first_match(
        {line}, fmt::format(R"(^\s*(?:[-*]\s+)?(?:\*\*)?{}(?:\*\*)?:(?:\*\*)?\s*(\S.*)$)", key));
    if (value) return std::pair(std::string(key), Line{line.number, trimmed(value->text)});
  }
  return std::nullopt;
}

// Without the back ticks that Markdown puts around code.
std::string unquoted(std::string text) {
  if (text.size() > 2 && text.front() == '`' && text.back() == '`')
    text = text.substr(1, text.size() - 2);
  return text;
}

// The first run of such lines that has a goal, a scope, and says how to verify it.
std::optional<Block> block_in(const std::string& file, const std::vector<Line>& lines) {
  Block block{file, {}};
  const auto is_whole = [&] {
    return block.values.contains("Goal") && block.values.contains("Scope") &&
           block.values.contains("Verify");
  };
  for (const Line& line : lines) {
    if (auto found = key_line(line)) {
      found->second.text = unquoted(found->second.text);
      block.values.insert(*std::move(found));
    } else if (trimmed(line.text).empty() || is_whole()) {
      if (is_whole()) return block;
    } else {
      block.values.clear();
    }
  }
  return is_whole() ? std::optional(block) : std::nullopt;
}

std::optional<Block> block_of_handoff(const std::string& file, const std::string& text) {
  const json handoff = json::parse(text, nullptr, false);
  if (!handoff.is_object() || !handoff.contains("config") || !handoff["config"].is_object())
    return std::nullopt;
  Block block{file, {}};
  for (const char* key : kKeys) {
    const json value = handoff["config"].value(lower_case(key), json());
    if (value.is_string()) block.values[key] = {0, value.get<std::string>()};
  }
  if (!block.values.contains("Verify")) return std::nullopt;
  return block;
}

bool ends_with(const std::string& path, std::string_view end) {
  return path.size() >= end.size() && path.compare(path.size() - end.size(), end.size(), end) == 0;
}

// Files named autoresearch first; of handoffs, whose folders have their time in the name, the last.
std::optional<Block> find_block(const Folder& folder) {
  std::vector<std::string> files;
  const std::vector<std::string> names = folder.names();
  for (const std::string& name : names) {
    if (ends_with(lower_case(name), ".md")) files.push_back(name);
  }
  std::ranges::stable_partition(files, [](const std::string& path) {
    return lower_case(path).find("autoresearch") != std::string::npos;
  });
  for (const std::string& path : files) {
    if (auto block = block_in(path, lines_of(folder.text(path).value_or("")))) return block;
  }
  std::optional<Block> last;
  if (!std::ranges::binary_search(names, "autoresearch")) return last;
  for (const std::string& path : folder.paths()) {
    if (!path.starts_with("autoresearch/") || !ends_with(path, "handoff.json")) continue;
    if (auto block = block_of_handoff(path, folder.text(path).value_or(""))) last = block;
  }
  return last;
}

std::string log_of(const Folder& folder) {
  std::string log;
  for (const std::string& path : folder.paths()) {
    const bool is_loop = path.starts_with("autoresearch/loop-") && ends_with(path, "-results.tsv");
    if (is_loop || path == "autoresearch-results.tsv") log = path;
  }
  return log;
}

void set_metric(const Block& block, Draft& draft) {
  const std::string words = block.value("Metric");
  std::string name;
  for (const char c : words.substr(0, words.find('('))) {
    const bool is_word = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.';
    if (is_word) {
      name.push_back(c);
    } else if (!name.empty() && name.back() != '_') {
      name.push_back('_');
    }
  }
  while (name.ends_with('_')) name.pop_back();
  draft.set("metric", "name", toml_text(name.empty() ? "metric" : name), block.from("Metric"));
  const auto said = direction_in(block.value("Direction"));
  const auto beside = direction_in(words);
  const std::string from = said     ? block.from("Direction")
                           : beside ? block.from("Metric")
                                    : "its default: higher is better";
  draft.set("metric", "direction", toml_text(said.value_or(beside.value_or("maximize"))), from);
}

void set_artifact(const Block& block, Found& found) {
  std::vector<std::string> globs;
  for (const std::string& part : split(block.value("Scope"), ',')) {
    if (!trimmed(part).empty()) globs.push_back(unquoted(trimmed(part)));
  }
  if (globs.empty()) {
    found.missing.push_back(
        {fmt::format("{} has no Scope", block.file), {"artifact.editable=[\"src/**\"]"}});
    return;
  }
  found.drafts.front().set("artifact", "editable", toml_list(globs), block.from("Scope"));
}

void set_evaluator(const Folder& folder, const Block& block, Found& found) {
  Draft& draft = found.drafts.front();
  const auto shell = [&](const std::string& key) {
    return in_a_copy(folder, "", found) + "bash -c " + shell_word(block.value(key)) + "\n";
  };
  draft.set("evaluator", "command", toml_text(shell("Verify")), block.from("Verify"));
  const std::string extract = block.value("Extract");
  // The last number of the last line that has one.
  draft.set(
      "evaluator", "parse",
      toml_text(extract.empty() ? R"((-?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)[^0-9]*$)" : extract),
      extract.empty() ? "the last number that it prints" : block.from("Extract"));
  if (block.value("Guard").empty()) return;
  draft.set("guard", "command", toml_text(shell("Guard")), block.from("Guard"));
}

void set_stop(const Block& block, Draft& draft) {
  const auto number = first_match({{0, block.value("Iterations")}}, R"(^(\d+))");
  draft.set("stop", "max_iterations", number ? number->text : "0",
            number ? block.from("Iterations") : "no number of iterations: no limit");
  draft.set("stop", "max_hours", "0", "");
  draft.set("stop", "plateau_threshold", "0", "");
}

}  // namespace

std::optional<Found> recognise_uditgoenka(const Folder& folder) {
  const auto block = find_block(folder);
  if (!block) return std::nullopt;
  const auto& goal = block->values.at(block->values.contains("Goal") ? "Goal" : "Verify");
  Found found{.kind = "uditgoenka/autoresearch",
              .seen = {place(block->file, goal.number)},
              .drafts = {Draft{}}};
  found.agent = "claude";
  found.log = log_of(folder);
  if (!found.log.empty()) found.seen.push_back(found.log);
  Draft& draft = found.drafts.front();
  if (ends_with(block->file, ".md")) {
    draft.set("lab", "agent_instructions", toml_text(block->file), "");
  }
  set_artifact(*block, found);
  set_metric(*block, draft);
  set_evaluator(folder, *block, found);
  set_stop(*block, draft);
  return found;
}

}  // namespace swarmlab::predecessors
