// `swarmlab run --connect`: the labs go to a coordinator elsewhere, and this command only follows
// them. To end it, or to close the laptop, stops nothing there.
#pragma once

#include <vector>

#include "cli/context.h"
#include "cli/locate.h"
#include "cli/run_flags.h"
#include "common/os/signals.h"
#include "common/result.h"

namespace swarmlab::cli {

struct RemoteRun {
  std::vector<LabPlace> places;
  const RunFlags& flags;
  std::vector<std::string> agent_args;
  bool detach = false;  // submits, and does not follow
};

/// At the coordinator that --connect or a context names.
[[nodiscard]] Result<void> run_remote(Context& context, const RemoteRun& run,
                                      const SignalWatch& signals);

}  // namespace swarmlab::cli
