// The settings of a daemon: each flag of its command, given as a flag, by a variable of the
// environment, in swarmlab.toml, or not at all. The first of these that says something counts.
//
// The variable of `--drain-timeout` of `swarmlab worker` is SWARMLAB_WORKER_DRAIN_TIMEOUT, its key
// in the file drain_timeout of [worker]. Settings of the log can be given for both daemons:
// SWARMLAB_LOG_LEVEL, `level` of [log].
#pragma once

#include <string>
#include <vector>

#include "cli/context.h"
#include "common/result.h"

namespace CLI {
class App;
}

namespace swarmlab::cli {

class ConfigFile;

struct Setting {
  std::string key;
  std::string value;               // as TOML; empty: not set
  std::string source;              // "--slots", "SWARMLAB_WORKER_SLOTS", "FILE:LINE" or "default"
  std::vector<std::string> words;  // what the flag would be given
  bool by_flag = false;
};

struct SettingsRequest {
  std::string table;  // "coordinator", "worker", "client"
  // Without them: those that the command was parsed with.
  std::vector<Setting> flags{};
};

/// Fills in what the command's flags left open, into the variables that its options fill.
/// \return all settings, in the order of --help; invalid_input with all that is wrong
[[nodiscard]] Result<std::vector<Setting>> settle(CLI::App& command, const ConfigFile& file,
                                                  const Context& context,
                                                  const SettingsRequest& request);

/// For --print-config: a table of swarmlab.toml, with where each value came from.
[[nodiscard]] std::string shown(const std::string& table, const std::vector<Setting>& settings);

/// All settings that swarmlab.toml and the environment can say, as a table of the documentation.
[[nodiscard]] std::string settings_reference();

/// Fills what is common to commands that ask a coordinator (--connect, --key ...) from SWARMLAB_*
/// and [client] of the file that SWARMLAB_CONFIG names.
[[nodiscard]] Result<void> settle_client(CLI::App& command, const Context& context);

}  // namespace swarmlab::cli
