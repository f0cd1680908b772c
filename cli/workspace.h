// What the programs of predecessors, which swarmlab stands in for, share in an agent's workspace.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/predecessors/log.h"
#include "common/model/lab.h"
#include "common/result.h"

namespace swarmlab::cli {

/// Whether an agent asks, in its workspace.
[[nodiscard]] bool is_in_workspace(const Context& context);

/// A variable that agents have. \return  invalid_input outside of a workspace
[[nodiscard]] Result<std::string> agents_variable(const Context& context, const char* name);

/// The lab of the current folder, as lab.toml has it there, at the scale of the experiment.
[[nodiscard]] Result<LabSettings> lab_of_workspace(const Context& context);

/// Where the repository begins that paths of the settings are of.
[[nodiscard]] std::string root_of_workspace(const Context& context, const LabSettings& settings);

struct OutcomeNote {
  std::string text;                         // one more line of the notes
  std::string hypothesis = {};              // empty: as it is
  std::optional<bool> mechanism_confirmed;  // none: as it is
};

/// Into outcome.json, beside what is there.
[[nodiscard]] Result<void> add_to_outcome(const Context& context, const OutcomeNote& note);

/// The experiments that the agent was given, oldest first.
[[nodiscard]] Result<std::vector<predecessors::Run>> given_results(const Context& context);

}  // namespace swarmlab::cli
