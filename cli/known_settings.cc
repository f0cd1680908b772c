#include "cli/known_settings.h"

#include <algorithm>
#include <array>
#include <iostream>

#include "cli/commands.h"
#include "cli/option_kind.h"

namespace swarmlab::cli {

namespace {

constexpr std::array<std::string_view, 3> kOfOneCall{"help", "json", "quiet"};

}  // namespace

std::vector<CLI::Option*> settings_of(CLI::App& command) {
  return command.get_options([](const CLI::Option* option) {
    const auto& names = option->get_lnames();
    return option->get_configurable() && !names.empty() &&
           std::ranges::find(kOfOneCall, names.front()) == kOfOneCall.end();
  });
}

KnownSettings::KnownSettings() : context_{.out = std::cout, .err = std::cerr} {
  add_coordinator(app_, context_);
  add_worker(app_, context_);
  add_connect(client_, context_);
  take("coordinator", *app_.get_subcommand("coordinator"));
  take("worker", *app_.get_subcommand("worker"));
  take("client", client_);
  share_log();
}

void KnownSettings::take(const std::string& table, CLI::App& command) {
  std::vector<Known> known;
  for (CLI::Option* option : settings_of(command)) {
    option->capture_default_str();
    bool alias = false;
    for (const std::string& key : keys_of(*option)) {
      known.push_back({key, option, alias});
      alias = true;
    }
  }
  tables_.emplace_back(table, std::move(known));
}

// What both daemons know of their logs.
void KnownSettings::share_log() {
  std::vector<Known> log;
  for (const Known& one : tables_.front().second) {
    if (one.key.starts_with(kLogPrefix))
      log.push_back({one.key.substr(kLogPrefix.size()), one.option, one.alias});
  }
  tables_.emplace_back("log", std::move(log));
}

}  // namespace swarmlab::cli
