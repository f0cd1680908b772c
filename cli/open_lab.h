// Opening labs of the user's repository at a coordinator in this process.
#pragma once

#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/locate.h"
#include "cli/run_flags.h"
#include "common/model/lab.h"
#include "common/result.h"
#include "coordinator/server/server.h"

namespace swarmlab::cli {

/// What is wrong with any of the labs, before anything is written. \return  their settings
[[nodiscard]] Result<std::vector<LabSettings>> check_labs(const std::vector<LabPlace>& places,
                                                          const RunFlags& flags,
                                                          const std::vector<std::string>& args);

struct OpenedLabs {
  std::vector<std::string> names;  // of the labs and of their branches
  bool any_runs = false;           // else a limit of each holds already
  std::vector<LabPlace> begun{};   // those that were not there before
};

/// Reads each lab at HEAD and opens it, or resumes it, and then its branches: says on `err` what
/// the person should know. \param args  for the agents, after those of lab.toml \return
/// invalid_input with all that is wrong with a lab
[[nodiscard]] Result<OpenedLabs> open_labs(const Context& context, server::Server& server,
                                           const std::vector<LabPlace>& places,
                                           const RunFlags& flags,
                                           const std::vector<std::string>& args);

/// What flags say of a lab; \p args as open_labs().
[[nodiscard]] Result<LabOverrides> overrides_for(const LabPlace& place, const RunFlags& flags,
                                                 const std::vector<std::string>& args);

/// "user@host": who asks, for the record.
[[nodiscard]] std::string who_asks(const Context& context);

}  // namespace swarmlab::cli
