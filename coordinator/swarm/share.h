// Whose turn it is, where several labs have work for the same worker: workers' time is shared by
// the weights of the labs.
//
// Who is more than one lease behind its share of what runs goes first, the furthest behind (running
// by weight) before the others. Else the lab whose next lease is due first in virtual time does: a
// lease moves its lab's time on by how long its leases last, over its weight (start-time fair
// queueing: Goyal, Vin and Cheng, SIGCOMM 1996). So shares hold with a single slot as well, and a
// lab that had no work for long does not catch up for it.
#pragma once

#include <cstddef>
#include <span>

#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

// A lab that has work for the worker that asks.
struct Contender {
  const Lab* lab = nullptr;
  std::uint64_t running = 0;  // leases
};

/// Which of them gets the worker. Ties go to the lower lab id. \pre  not empty, by lab id
[[nodiscard]] std::size_t whose_turn(const Shares& shares, std::span<const Contender> contenders);

/// evolve() tells of every lease that is granted, and how long it lasted when it ends.
void note_granted(Shares& shares, const Lab& lab);
void note_ended(Shares& shares, LabId lab, Milliseconds lasted);

}  // namespace swarmlab::swarm
