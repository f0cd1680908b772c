// Whether a worker can take a task: labels, and what is free beside its current leases.
#pragma once

#include <string>

#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

/// The most that there is, where a sum would be more.
[[nodiscard]] Resources plus(const Resources& a, const Resources& b);
/// \pre  a has b
[[nodiscard]] Resources minus(const Resources& a, const Resources& b);
/// Whether `has` is enough of everything.
[[nodiscard]] bool covers(const Resources& has, const Resources& needs);

[[nodiscard]] Resources total_of(const Worker& worker);
/// What its leases leave. None of what it has less of than they take.
[[nodiscard]] Resources free_of(const State& state, const Worker& worker);

/// Whether it could take such a task if nothing ran on it.
[[nodiscard]] bool suits(const Worker& worker, const Needs& needs);
/// Whether it can take such a task now.
[[nodiscard]] bool fits(const State& state, const Worker& worker, const Needs& needs);

/// Why the worker cannot take such a task now: "needs gpus = 2; worker w1 has 1 free". Empty: it
/// can.
[[nodiscard]] std::string why_not(const State& state, const Worker& worker, const Needs& needs);
/// Why no worker that is here can ever take it: "needs gpus = 8; the largest worker has 4". Empty:
/// one can. \complexity linear in workers
[[nodiscard]] std::string why_nowhere(const State& state, const Needs& needs);

}  // namespace swarmlab::swarm
