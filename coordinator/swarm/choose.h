// Which work comes next for a worker that asks: of the labs that have some that fits it, the one
// whose turn it is (share.h); in a lab what waits goes first, then something new. Baseline first;
// and never a lease that a stop limit or max_parallel forbids (I4).
#pragma once

#include <optional>
#include <string>

#include "coordinator/swarm/command.h"

namespace swarmlab::swarm {

struct Choice {
  const Lab* lab = nullptr;         // null: nothing
  const Needs* needs = nullptr;     // of the task
  std::optional<TaskId> waiting{};  // of the lab; none: it begins something new
  // The lab's turn, but its task has no place yet beside what runs on the worker: left to drain.
  bool reserves = false;
};

/// \pre  the worker is known and may have work
/// \complexity  in labs, not in open tasks
[[nodiscard]] Choice choose(const State& state, const Rules& rules, const Worker& worker,
                            Timestamp now);

/// Why there is nothing for that worker: few labs, as every idle worker hears it.
[[nodiscard]] std::string why_nothing(const State& state, const Worker& worker, Timestamp now);

/// Why a lab that runs leases nothing more just now, for people; empty: it could, or does not run.
/// \complexity  linear in workers
[[nodiscard]] std::string why_waiting(const State& state, const Lab& lab, Timestamp now);

}  // namespace swarmlab::swarm
