// Many workers that fall silent at once did not all die: the network did, or we stood still. Then
// expiry is held once for a grace period and an alarm is raised, so that who comes back keeps what
// it does; what is really lost expires after that.
#pragma once

#include <cstdint>

#include "coordinator/swarm/command.h"

namespace swarmlab::swarm {

// Of the workers that hold leases.
struct Silence {
  std::uint32_t silent = 0;  // no heartbeat for Rules::worker_silence, or not seen at all
  std::uint32_t holders = 0;
  bool operator==(const Silence&) const = default;
};

/// \complexity linear in workers that hold leases
[[nodiscard]] Silence silence_of(const State& state, const Rules& rules, Timestamp now);

/// Whether that is more than a few that died: at least 3, and more than 30 %.
[[nodiscard]] bool is_mass(const Silence& silence);

[[nodiscard]] bool is_silent(const State& state, const Rules& rules, const WorkerName& worker,
                             Timestamp now);

}  // namespace swarmlab::swarm
