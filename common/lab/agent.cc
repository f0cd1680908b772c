// [agent]: who changes the artifact.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "common/lab/tables.h"
#include "common/model/names.h"

namespace swarmlab::tables {
namespace {

constexpr std::array kKinds{AgentKind::command, AgentKind::claude, AgentKind::codex, AgentKind::pi,
                            AgentKind::opencode};

std::string all_kinds() {
  std::string names;
  for (const AgentKind kind : kKinds) {
    names += (names.empty() ? "one of " : ", ") + toml_tree::quoted(name_of(kind));
  }
  return names;
}

bool read_kind(Section& agent, AgentKind& target) {
  std::string name;
  if (!agent.text("kind", name, all_kinds().c_str())) return agent.find("kind") == nullptr;
  const auto known = std::ranges::find(kKinds, name, [](AgentKind kind) { return name_of(kind); });
  if (known == kKinds.end()) {
    agent.wrong("kind", all_kinds());
    return false;
  }
  target = *known;
  return true;
}

void read_environment(Section& agent, Agent& settings) {
  constexpr const char* kNames = "a list of names of variables such as [\"API_KEY\"]";
  if (!agent.texts("env", settings.env, kNames)) return;
  for (const std::string& name : settings.env) {
    if (!is_variable_name(name)) {
      agent.problem(agent.line("env"), fmt::format("[agent] env has {}, expected {}",
                                                   toml_tree::quoted(name), kNames));
    } else if (!is_free_variable(name)) {
      agent.problem(agent.line("env"),
                    fmt::format("[agent] env has {}, which the sandbox sets itself, expected {}",
                                toml_tree::quoted(name), kNames));
    }
  }
}

void read_command(Section& agent, LabFile& file, bool kind_is_fine) {
  Agent& settings = file.settings.agent;
  const bool has_command =
      agent.text("command", settings.command, "a command such as \"python3 agent.py\"");
  if (has_command) file.lines.agent_command = agent.line("command");
  if (!agent.present() || !kind_is_fine || agent.find("command") != nullptr) return;
  if (settings.kind == AgentKind::command) {
    agent.problem(agent.line(),
                  "[agent] has no command, expected one such as \"python3 agent.py\", or a kind: " +
                      all_kinds());
  }
}

void read_provider(Section& agent, Agent& settings) {
  constexpr const char* kUrl = "an address such as \"https://api.example.com\"";
  constexpr const char* kVariable = "the name of a variable such as \"ANTHROPIC_API_KEY\"";
  agent.text("model", settings.model, "the name of a model");
  if (agent.text("base_url", settings.base_url, kUrl)) {
    const std::string& url = settings.base_url;
    const bool has_scheme = url.starts_with("http://") || url.starts_with("https://");
    if (!has_scheme || url.ends_with("//") || url.find_first_of(" \"\\") != std::string::npos) {
      agent.wrong("base_url", kUrl);
    }
    while (settings.base_url.ends_with('/')) settings.base_url.pop_back();
  }
  if (agent.text("api_key", settings.api_key, kVariable) && !is_free_variable(settings.api_key)) {
    // Never shown: it may be the key itself.
    agent.problem(agent.line("api_key"), fmt::format("[agent] api_key is no name of a variable, "
                                                     "expected {}",
                                                     kVariable));
  }
}

void read_credentials(Section& agent, Agent& settings) {
  constexpr const char* kFiles =
      "a list of files in the home of the worker such as [\"~/.claude/.credentials.json\"]";
  if (!agent.texts("credentials", settings.credentials, kFiles)) return;
  for (const std::string& file : settings.credentials) {
    const bool is_in_home = file.starts_with("~/") && file.size() > 2 && !file.ends_with('/') &&
                            (file + "/").find("/../") == std::string::npos;
    if (is_in_home) continue;
    agent.problem(agent.line("credentials"), fmt::format("[agent] credentials has {}, expected {}",
                                                         toml_tree::quoted(file), kFiles));
  }
}

bool read_price(Section& prices, std::string_view model, const toml_tree::Table& table,
                Price& price) {
  constexpr double kMost = 1e6;
  bool is_fine = true;
  for (const toml_tree::Entry& entry : table) {
    MicroUsd* target = entry.key == "input"    ? &price.input
                       : entry.key == "output" ? &price.output
                       : entry.key == "cached" ? &price.cached
                                               : nullptr;
    const auto* whole = std::get_if<std::int64_t>(&entry.node.value);
    const auto* real = std::get_if<double>(&entry.node.value);
    const double dollars = whole != nullptr  ? static_cast<double>(*whole)
                           : real != nullptr ? *real
                                             : -1.0;
    if (target == nullptr || !(dollars >= 0 && dollars <= kMost)) {
      prices.problem(
          entry.line,
          fmt::format("[agent.prices] {} has {} = {}, expected dollars for a "
                      "million tokens: input, output, cached",
                      toml_tree::quoted(model), entry.key, toml_tree::shown(entry.node)));
      is_fine = false;
      continue;
    }
    *target = MicroUsd(std::llround(dollars * 1e6));
  }
  return is_fine;
}

void read_prices(Section& agent, Agent& settings) {
  constexpr const char* kPrices =
      "a table of models such as { \"gpt-5\" = { input = 1.25, output = 10, cached = 0.125 } }";
  const toml_tree::Node* node = agent.find("prices");
  if (node == nullptr) return;
  const auto* models = std::get_if<toml_tree::Table>(&node->value);
  if (models == nullptr) return agent.wrong("prices", kPrices);
  for (const toml_tree::Entry& entry : *models) {
    const auto* table = std::get_if<toml_tree::Table>(&entry.node.value);
    if (table == nullptr) return agent.wrong("prices", kPrices);
    Price price{.model = entry.key, .input = {}, .output = {}, .cached = {}};
    if (read_price(agent, entry.key, *table, price)) settings.prices.push_back(std::move(price));
  }
}

// Behind the bridge they know no model but the one that they are told.
void check_has_model(Section& agent, const Agent& settings) {
  const bool needs_one = settings.kind == AgentKind::pi || settings.kind == AgentKind::opencode;
  if (!needs_one || !settings.model.empty() || !settings.credentials.empty()) return;
  agent.problem(agent.line(), fmt::format("[agent] has no model, which kind {} needs",
                                          toml_tree::quoted(name_of(settings.kind))));
}

// What only means something to those that are started by name.
void refuse_for_commands(Section& agent) {
  for (const char* key : {"model", "base_url", "api_key", "credentials", "prices"}) {
    if (agent.find(key) == nullptr) continue;
    agent.problem(agent.line(key), fmt::format("[agent] {} is of agents with a kind such as "
                                               "\"claude\": set kind, or take it out",
                                               key));
  }
}

void read_session(Section& agent, Agent& settings) {
  constexpr const char* kWays = "\"resume\" or \"handshake\"";
  agent.whole<std::uint32_t>("experiments_per_session", settings.experiments_per_session, 1,
                             "a whole number, 1 or more");
  std::string way;
  if (!agent.text("session", way, kWays)) return;
  if (way != "resume" && way != "handshake") return agent.wrong("session", kWays);
  if (way == "resume") return;
  settings.session = SessionKind::handshake;
  if (settings.kind == AgentKind::command) return;
  agent.problem(
      agent.line("session"),
      fmt::format("[agent] session is \"handshake\", which only a command does: agents of "
                  "kind {} resume their sessions",
                  toml_tree::quoted(name_of(settings.kind))));
}

}  // namespace

void read_agent(Section agent, LabFile& file) {
  Agent& settings = file.settings.agent;
  const bool kind_is_fine = read_kind(agent, settings.kind);
  read_command(agent, file, kind_is_fine);
  agent.texts("args", settings.args, "a list of texts");
  agent.duration("timeout", settings.timeout);
  read_environment(agent, settings);
  agent.whole<std::uint32_t>("brief_tokens", settings.brief_tokens, 0,
                             "a whole number of tokens, 0 (no limit) or more");
  read_provider(agent, settings);
  read_credentials(agent, settings);
  read_network(agent, "[agent]", settings.network);
  read_prices(agent, settings);
  read_session(agent, settings);
  if (kind_is_fine) check_has_model(agent, settings);
  if (kind_is_fine && settings.kind == AgentKind::command) refuse_for_commands(agent);
  agent.finish();
}

}  // namespace swarmlab::tables
