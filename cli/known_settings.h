// All settings that there are, by table: the options of the commands that they are for. For .cc
// files only: it includes CLI11.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/context.h"

namespace swarmlab::cli {

inline constexpr std::string_view kLogPrefix = "log_";

/// The options of a command that are settings: not --help, --config and what is for one call only.
[[nodiscard]] std::vector<CLI::Option*> settings_of(CLI::App& command);

class KnownSettings {
 public:
  KnownSettings();

  struct Known {
    std::string key;
    const CLI::Option* option = nullptr;
    bool alias = false;  // another key of the same option is shown
  };
  /// Of "coordinator", "worker", "client" and "log", in this order.
  [[nodiscard]] const std::vector<std::pair<std::string, std::vector<Known>>>& tables() const {
    return tables_;
  }

 private:
  void take(const std::string& table, CLI::App& command);
  void share_log();

  Context context_;
  CLI::App app_;
  CLI::App client_;
  std::vector<std::pair<std::string, std::vector<Known>>> tables_;
};

}  // namespace swarmlab::cli
