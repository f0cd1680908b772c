// Options that take a duration: "90s", "10m", "2h".
#pragma once

#include <optional>
#include <string>

#include "common/strong_id.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace swarmlab::cli {

struct DurationLimits {
  Milliseconds least{0};
  Milliseconds most = std::chrono::hours(24 * 365);
  bool seconds = false;    // a bare number is seconds: for names that say so
  bool unlimited = false;  // the word "unlimited" is taken, too: nothing
};

/// \param target  must outlive the command; what it holds is the default
CLI::Option* add_duration(CLI::App& command, const std::string& names,
                          std::optional<Milliseconds>& target, const std::string& description,
                          const DurationLimits& limits);

/// "90s", "1500ms"; "unlimited" for nothing. Reads back as the same.
[[nodiscard]] std::string duration_value(std::optional<Milliseconds> duration);

}  // namespace swarmlab::cli
