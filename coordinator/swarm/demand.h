// What each pool of workers (pool.h) could be used for: for the engines that start and stop
// machines. Following it, a pool grows when work that fits it could begin, and shrinks to nothing
// when there is none, when labs are paused and when their limits are reached.
//
// Pure, and made anew each time: it follows from the state.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coordinator/swarm/rules.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

// What a lab asks of a pool, at one of its scales.
struct LabDemand {
  LabId lab;
  std::uint32_t scale = 0;       // place on the ladder
  std::uint64_t leasable = 0;    // tasks that could begin now, if there were slots for them
  std::uint32_t slots_each = 1;  // of the pool's machines, that one of them takes
  std::string why;               // so many, for people
};

struct PoolDemand {
  std::string pool;
  std::uint64_t workers = 0;   // that are here and take work
  std::uint64_t slots = 0;     // of them
  std::uint64_t running = 0;   // tasks; of workers that leave as well
  std::uint64_t idle = 0;      // slots
  std::uint64_t leasable = 0;  // tasks of all labs, within what the operator allows the pool
  std::uint64_t wanted = 0;    // slots: for what is for this pool, and runs or could begin
  std::string why;             // so many, for people
  std::vector<LabDemand> labs;
};

/// Every pool that there is or was, is declared, or is asked for, by name.
/// \complexity  linear in workers and in labs
[[nodiscard]] std::vector<PoolDemand> demand_of(const State& state, const Rules& rules,
                                                Timestamp now);

}  // namespace swarmlab::swarm
