#include "cli/settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cctype>

#include "cli/config_file.h"
#include "cli/known_settings.h"
#include "cli/option_kind.h"
#include "common/keys/key.h"

namespace swarmlab::cli {

namespace {

constexpr const char* kConfigVariable = "SWARMLAB_CONFIG";
constexpr std::array<std::string_view, 5> kWhere{"connect", "context", "key", "server_key",
                                                 "insecure"};

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  });
  return text;
}

// The variables that may say a setting, the first first.
std::vector<std::string> variables_of(const std::string& table, const std::string& key) {
  std::vector<std::string> names = {upper("SWARMLAB_" + table + "_" + key)};
  // Shared by both daemons; and where the coordinator is, for all that ask it.
  const bool shared = key.starts_with(kLogPrefix) && table != "client";
  const bool asks = table != "coordinator" && std::ranges::find(kWhere, key) != kWhere.end();
  if (shared || asks) names.push_back(upper("SWARMLAB_" + key));
  return names;
}

// Our own options say what they expected.
std::string expectation_in(std::string_view message, const CLI::Option& option) {
  const auto at = message.find("expected ");
  return at == std::string_view::npos ? "expected " + expected_by(option)
                                      : std::string(message.substr(at));
}

class Settler {
 public:
  Settler(const ConfigFile& file, const Context& context, const SettingsRequest& request)
      : file_(file), context_(context), request_(request) {}

  // An address and a context both say which coordinator: the one that is said by less, does not.
  void find_who_says_where(const std::vector<CLI::Option*>& options) {
    for (const CLI::Option* option : options) {
      if (says_where(*option)) most_said_ = std::max(most_said_, rank_of(*option));
    }
  }

  void settle(CLI::Option& option) {
    const std::vector<std::string> keys = keys_of(option);
    Setting setting{.key = keys.front(), .value = {}, .source = "default", .words = {}};
    const bool counts = !says_where(option) || rank_of(option) == most_said_;
    const std::string where = counts ? take(option, keys, setting) : std::string();
    if (setting.words.empty()) {
      option.capture_default_str();
      const std::string usual = option.get_default_str();
      if (!usual.empty() && kind_of(option) != OptionKind::texts)
        setting.value = shown_as_toml(option, {usual});
    } else {
      setting.value = shown_as_toml(option, setting.words);
      if (!where.empty()) give(option, setting, where);
      hide_secret(setting);
    }
    settings.push_back(std::move(setting));
  }

  std::vector<Setting> settings;
  std::vector<std::string> problems;

 private:
  enum class Rank : std::uint8_t { nobody, file, variable, flag };

  static bool says_where(const CLI::Option& option) {
    const std::string key = keys_of(option).front();
    return key == "connect" || key == "context";
  }

  [[nodiscard]] Rank rank_of(const CLI::Option& option) const {
    const std::vector<std::string> keys = keys_of(option);
    Setting setting{.key = keys.front(), .value = {}, .source = {}, .words = {}};
    (void)take(option, keys, setting);
    if (setting.by_flag) return Rank::flag;
    if (setting.words.empty()) return Rank::nobody;
    return setting.source.starts_with("SWARMLAB_") ? Rank::variable : Rank::file;
  }

  // Typed by mistake for the file that holds it: it must not get into a log.
  static void hide_secret(Setting& setting) {
    if (setting.key == "key" && keys::SecretKey::parse(setting.words.back()))
      setting.value = "\"(a key; expected the file that holds it)\"";
  }

  // Fills words and source. \return how to begin a message about it; empty: the parser has it
  std::string take(const CLI::Option& option, const std::vector<std::string>& keys,
                   Setting& setting) const {
    const auto flag = std::ranges::find_if(request_.flags, [&](const Setting& given) {
      return given.by_flag && given.key == setting.key;
    });
    setting.by_flag = option.count() > 0 || flag != request_.flags.end();
    if (setting.by_flag) {
      setting.words = option.count() > 0 ? option.results() : flag->words;
      setting.source = "--" + option.get_lnames().front();
      return option.count() > 0 ? std::string() : setting.source;
    }
    for (const std::string& key : keys) {
      for (const std::string& name : variables_of(request_.table, key)) {
        const auto value = context_.variable(name);
        if (!value) continue;
        setting.words = words_of(option, *value);
        setting.source = name;
        return name;
      }
    }
    return take_from_file(option, keys, setting);
  }

  std::string take_from_file(const CLI::Option& option, const std::vector<std::string>& keys,
                             Setting& setting) const {
    for (const std::string& key : keys) {
      const ConfigFile::Found found = file_.find(request_.table, key);
      if (found.node == nullptr) continue;
      setting.words = words_of(option, *found.node).value_or(std::vector<std::string>());
      setting.source = fmt::format("{}:{}", file_.path(), found.node->line.line);
      const std::string written =
          found.table == "log" && request_.table != "log" ? key.substr(kLogPrefix.size()) : key;
      return fmt::format("{}: [{}] {}", setting.source, found.table, written);
    }
    return {};
  }

  // As if it had been a flag.
  void give(CLI::Option& option, const Setting& setting, const std::string& where) {
    try {
      option.add_result(setting.words);
      option.run_callback();
    } catch (const CLI::Error& refused) {
      problems.push_back(fmt::format("{} is {}, {}", where, setting.value,
                                     expectation_in(refused.what(), option)));
    }
  }

  const ConfigFile& file_;
  const Context& context_;
  const SettingsRequest& request_;
  Rank most_said_ = Rank::nobody;
};

}  // namespace

Result<std::vector<Setting>> settle(CLI::App& command, const ConfigFile& file,
                                    const Context& context, const SettingsRequest& request) {
  Settler settler(file, context, request);
  const std::vector<CLI::Option*> options = settings_of(command);
  settler.find_who_says_where(options);
  for (CLI::Option* option : options) settler.settle(*option);
  if (settler.problems.empty()) return std::move(settler.settings);
  return fail(ErrorCode::invalid_input, "{}", fmt::join(settler.problems, "\n"));
}

std::string shown(const std::string& table, const std::vector<Setting>& settings) {
  std::size_t width = 0;
  std::vector<std::string> lines;
  for (const Setting& setting : settings) {
    lines.push_back(setting.value.empty() ? "# " + setting.key
                                          : setting.key + " = " + setting.value);
    width = std::max(width, lines.back().size());
  }
  constexpr std::size_t kWidest = 50;
  width = std::min(width, kWidest);
  std::string text = "[" + table + "]\n";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text += fmt::format("{:<{}}  # {}\n", lines[i], width,
                        settings[i].value.empty() ? "not set" : settings[i].source);
  }
  return text;
}

std::string settings_reference() {
  const KnownSettings known;
  std::string text = "| table | key | takes | default | what |\n| --- | --- | --- | --- | --- |\n";
  for (const auto& [table, settings] : known.tables()) {
    for (const auto& [key, option, alias] : settings) {
      if (alias || (table != "log" && table != "client" && key.starts_with(kLogPrefix))) continue;
      const std::string usual = option->get_default_str();
      const bool has_default = !usual.empty() && kind_of(*option) != OptionKind::texts;
      text += fmt::format("| `[{}]` | `{}` | {} | {} | {} |\n", table, key, expected_by(*option),
                          has_default ? "`" + shown_as_toml(*option, {usual}) + "`" : "",
                          option->get_description());
    }
  }
  return text;
}

Result<void> settle_client(CLI::App& command, const Context& context) {
  ConfigFile file;
  if (const auto path = context.variable(kConfigVariable)) {
    SWARMLAB_TRY(read, ConfigFile::read(*path));
    file = std::move(read);
  }
  const SettingsRequest request{.table = "client"};
  Settler settler(file, context, request);
  std::vector<CLI::Option*> options = settings_of(command);
  std::erase_if(options, [](const CLI::Option* option) {
    return std::ranges::find(kWhere, keys_of(*option).front()) == kWhere.end();
  });
  settler.find_who_says_where(options);
  for (CLI::Option* option : options) settler.settle(*option);
  if (settler.problems.empty()) return {};
  return fail(ErrorCode::invalid_input, "{}", fmt::join(settler.problems, "\n"));
}

}  // namespace swarmlab::cli
