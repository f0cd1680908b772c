// What pi-autoresearch tells the hooks of a session, before and after each run: a line of JSON.
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace swarmlab::predecessors {

struct HookLines {
  std::string before;  // of the run that is next
  std::string after;   // of the run of that experiment; empty: the log has none
};

/// \param log  log.jsonl, with all that happened so far \param folder  where hooks run
/// \param experiment  of the swarm, that has just ended; 0: none
[[nodiscard]] HookLines hook_lines(std::string_view log, const std::string& folder,
                                   std::uint32_t experiment);

}  // namespace swarmlab::predecessors
