// The logs that a predecessor's lab keeps itself, seen from a swarm: what they say of before goes
// to its agents, and an export continues them. For .cc files only: it includes Cap'n Proto.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/locate.h"
#include "cli/predecessors/log.h"
#include "cli/swarm.h"
#include "cli/views.h"

namespace swarmlab::cli {

struct OwnLog {
  std::string path;  // from the root of the repository
  predecessors::LogFormat format = predecessors::LogFormat::commits;
  std::string text;  // in the working tree; empty: none yet
};

/// Of a lab whose files are in the working tree: its results file, if it has a known form, and the
/// log of the predecessor that the lab was made for. None: it was made for no predecessor.
/// \param folder  of the lab, from the root \param results_file  from the folder
[[nodiscard]] std::vector<OwnLog> own_logs(const std::filesystem::path& root,
                                           const std::string& folder,
                                           const std::string& results_file);

/// The experiments that have ended, oldest first.
[[nodiscard]] std::vector<predecessors::Run> runs_of(const Experiments& experiments);

/// Gives the agents of a lab that begins, as a hint, what its logs say was tried before. \return
/// whether there was anything
[[nodiscard]] Result<bool> tell_history(const Context& context, Swarm& swarm,
                                        const LabPlace& place);

}  // namespace swarmlab::cli
