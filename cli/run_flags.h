// The flags of a run that go before lab.toml: [stop], --data, --policy, and what comes after `--`.
#pragma once

#include <memory>

#include "common/lab/lab.h"

namespace CLI {
class App;
}

namespace swarmlab::cli {

struct RunFlags {
  LabOverrides overrides;
  std::string data;    // as given; resolve() reads it
  std::string policy;  // likewise
  std::string expected_gain;
};

/// Adds them to a command. They are filled when it is parsed.
[[nodiscard]] std::shared_ptr<RunFlags> add_run_flags(CLI::App& command);

/// \param lab_folder  of the lab, relative to the repository's root: data folders are below it
[[nodiscard]] Result<LabOverrides> resolve(const RunFlags& flags, const std::string& lab_folder);

}  // namespace swarmlab::cli
