// The coordinators that a person works with, by name: addresses and keys that nobody wants to type.
// Kept in a file of the person's own (contexts.toml); one of them may be the current one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cli/context.h"
#include "common/result.h"

namespace swarmlab::cli {

/// The name that means "the coordinator of the repository that I am in": no entry may have it.
inline constexpr std::string_view kLocalSwarm = "local";

struct KnownSwarm {
  std::string address;
  std::string key;         // file with the own secret; empty: none, plain
  std::string server_key;  // file with the coordinator's public key; empty iff `key` is
  bool operator==(const KnownSwarm&) const = default;
};

class KnownSwarms {
 public:
  /// $SWARMLAB_CONTEXTS, else swarmlab/contexts.toml in $XDG_CONFIG_HOME or ~/.config.
  /// \return not_found if neither of these nor HOME is set
  [[nodiscard]] static Result<std::string> file_for(const Context& context);

  /// No file: no entries. \return invalid_input with file, line and what was expected.
  [[nodiscard]] static Result<KnownSwarms> read(const std::string& file);
  /// Mode 0600, durably; makes the folder.
  [[nodiscard]] Result<void> write(const std::string& file) const;

  /// Checks name, address and key files. \return invalid_input if one is bad.
  [[nodiscard]] Result<void> add(const std::string& name, KnownSwarm swarm);
  /// \return not_found, with the names that there are
  [[nodiscard]] Result<KnownSwarm> get(const std::string& name) const;
  [[nodiscard]] Result<void> remove(const std::string& name);
  /// `local`: none is current.
  [[nodiscard]] Result<void> use(const std::string& name);

  [[nodiscard]] const std::map<std::string, KnownSwarm>& all() const { return swarms_; }
  /// Empty: none.
  [[nodiscard]] const std::string& current() const { return current_; }

 private:
  std::map<std::string, KnownSwarm> swarms_;
  std::string current_;
};

/// The named swarm that a command means: --context, else SWARMLAB_CONTEXT, else the current one.
/// Nothing if an address was given, if none is current, or for `local`.
[[nodiscard]] Result<std::optional<KnownSwarm>> chosen_swarm(const Context& context);

}  // namespace swarmlab::cli
