// What an agent's change scores, tried by the agent in its workspace: the lab's evaluator as it is
// there, on what the agent sees. It is within the agent's own sandbox and may be forged there, so
// it is for the agent's eyes only: what counts is measured elsewhere.
#pragma once

#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/trial.h"
#include "common/model/lab.h"
#include "common/os/cancel.h"
#include "common/result.h"

namespace swarmlab::cli {

struct Tried {
  LabSettings settings;
  TrialRun run;
};

/// \param samples  the only ones to score; empty: all
/// \return  not_found if there is no lab.toml here; what is wrong with it
[[nodiscard]] Result<Tried> try_in_workspace(const Context& context,
                                             const std::vector<std::string>& samples,
                                             const CancelToken& cancel);

}  // namespace swarmlab::cli
