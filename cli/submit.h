// Gives labs of the user's repository to a coordinator elsewhere: their commits, settings and data.
// From then on they are the coordinator's: who gave them may leave.
#pragma once

#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/locate.h"
#include "cli/run_flags.h"
#include "cli/swarm.h"
#include "common/result.h"

namespace swarmlab::cli {

struct Submitted {
  bool any_runs = false;  // else a limit of each holds already
};

/// A lab that the coordinator has under this name goes on where it was.
/// \param args  for the agents, after those of lab.toml
/// \return  invalid_input with all that is wrong with a lab; unavailable
[[nodiscard]] Result<Submitted> submit_labs(const Context& context, Swarm& swarm,
                                            const std::vector<LabPlace>& places,
                                            const RunFlags& flags,
                                            const std::vector<std::string>& args);

}  // namespace swarmlab::cli
