// swarmlab.toml: the settings of this machine's daemons and commands. Its tables are [coordinator],
// [worker], [client] and [log] (which is for both daemons); its keys are the long names of flags.
#pragma once

#include <string>
#include <string_view>

#include "common/lab/problems.h"
#include "common/lab/toml_tree.h"
#include "common/result.h"

namespace swarmlab::cli {

class ConfigFile {
 public:
  /// \return invalid_input with file and line if it is no TOML, has an unknown table or key, or a
  ///         value of a wrong type: all of that at once, for all tables
  [[nodiscard]] static Result<ConfigFile> read(const std::string& path);
  /// No file: no settings.
  ConfigFile() = default;

  struct Found {
    const toml_tree::Node* node = nullptr;  // null: it is not there
    std::string table;                      // where it is
  };
  /// `key` of a table; of a daemon's table also log_X as X of [log].
  [[nodiscard]] Found find(std::string_view table, const std::string& key) const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  toml_tree::Table root_;
};

}  // namespace swarmlab::cli
