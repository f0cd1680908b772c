#include "cli/predecessors/found.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace swarmlab::predecessors {
namespace {

constexpr std::size_t kCommentColumn = 44;

// Tables in the order of docs/lab-reference.md, whatever the order of the settings.
constexpr std::array<std::string_view, 12> kTables{
    "lab",   "artifact", "metric", "[constraint]", "evaluator", "backend",
    "guard", "agent",    "limits", "resources",    "search",    "stop"};

std::string line_of(const Setting& setting) {
  std::string line = setting.key + " = " + setting.value;
  if (setting.from.empty()) return line + "\n";
  if (line.find('\n') != std::string::npos) return "# from " + setting.from + "\n" + line + "\n";
  line.resize(std::max(line.size() + 2, kCommentColumn), ' ');
  return line + "# " + setting.from + "\n";
}

std::string table_text(const Draft& draft, std::string_view table) {
  std::string text;
  for (const Setting& setting : draft.settings) {
    if (setting.table == table) text += line_of(setting);
  }
  return text.empty() ? text : fmt::format("\n[{}]\n{}", table, text);
}

// Who does the experiments: as was wished, else whom it was made for.
void set_agent(Draft& draft, const Found& found, const AgentWish& agent) {
  Setting who{.table = "agent", .key = "kind", .value = toml_text(agent.kind), .from = ""};
  if (agent.kind.empty() && !agent.command.empty()) {
    who.key = "command";
    who.value = toml_text(agent.command);
    for (const Setting& one : found.with_command) {
      draft.set(one.table, one.key, one.value, one.from);
    }
  } else if (agent.kind.empty()) {
    if (found.agent.empty() || draft.find("agent", "kind") || draft.find("agent", "command"))
      return;
    who.value = toml_text(found.agent);
    who.from = "whom it was made for";
  }
  std::erase_if(draft.settings,
                [&](const Setting& one) { return one.table == who.table && one.key == who.key; });
  draft.settings.insert(draft.settings.begin(), std::move(who));
}

constexpr std::string_view kNoAgent =
    "\n# Who does the experiments: take the marks away from two of these lines.\n"
    "# [agent]\n# kind = \"claude\"\n# command = \"sh agent.sh\"\n";

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20U && byte != 0x7fU;
  });
}

std::string escaped(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') result.push_back('\\');
    if (byte < 0x20U || byte == 0x7fU) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(byte));
    } else {
      result.push_back(c);
    }
  }
  return result + "\"";
}

}  // namespace

void Draft::set(std::string table, std::string key, std::string value, std::string from) {
  for (Setting& one : settings) {
    if (one.table != table || one.key != key) continue;
    one.value = std::move(value);
    one.from = std::move(from);
    return;
  }
  settings.push_back({.table = std::move(table),
                      .key = std::move(key),
                      .value = std::move(value),
                      .from = std::move(from)});
}

const Setting* Draft::find(std::string_view table, std::string_view key) const {
  const auto at = std::ranges::find_if(
      settings, [&](const Setting& one) { return one.table == table && one.key == key; });
  return at == settings.end() ? nullptr : &*at;
}

std::string toml_text(std::string_view text) {
  const bool has_lines = text.find('\n') != std::string_view::npos;
  if (has_lines && text.find("'''") == std::string_view::npos) {
    return fmt::format("'''\n{}'''", text);
  }
  const bool needs_escapes = text.find_first_of("\"\\") != std::string_view::npos;
  if (needs_escapes && is_plain(text) && text.find('\'') == std::string_view::npos) {
    return fmt::format("'{}'", text);
  }
  return escaped(text);
}

std::string toml_list(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  quoted.reserve(texts.size());
  for (const std::string& text : texts) quoted.push_back(toml_text(text));
  return fmt::format("[{}]", fmt::join(quoted, ", "));
}

std::string lab_toml(const Found& found, const Draft& draft, const AgentWish& agent) {
  std::string text = fmt::format(
      "# A lab of {}, by `swarmlab import`: what each setting was read from stands beside it.\n",
      found.kind);
  const bool is_first = &draft == &found.drafts.front();  // others inherit its agent
  Draft whole = draft;
  if (is_first) set_agent(whole, found, agent);
  for (const std::string_view table : kTables) text += table_text(whole, table);
  const bool has_agent = whole.find("agent", "kind") || whole.find("agent", "command");
  if (is_first && !has_agent) text += kNoAgent;
  return text;
}

}  // namespace swarmlab::predecessors
