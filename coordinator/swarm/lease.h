// Leases: one task is given to one worker slot until a deadline.
//
// They keep I2: at most one lease of a task is current, and its fencing token, which only grows,
// tells which; and I3: what is lost with its worker is tried again, but not forever.
// The idea: Gray and Cheriton, "Leases", SOSP 1989; tokens as the sequencers of Burrows, "The
// Chubby lock service", OSDI 2006.
#pragma once

#include <string>

#include "coordinator/swarm/draft.h"

namespace swarmlab::swarm {

/// How a worker was lost, for people: "worker w1 fell silent". Empty for what was handed back.
[[nodiscard]] std::string loss_text(const WorkerName& worker, LeaseEnd how);

/// Ends a lease whose work is handed back: the task waits again. An orphan is dropped.
/// \param how  returned, or worker_failed
/// \pre  as of lose_lease()
void return_lease(Draft& draft, const State& state, const Task& task, std::string why = {},
                  LeaseEnd how = LeaseEnd::returned);

/// Ends a lease whose work is lost. An orphan is dropped. Another task waits again; after more than
/// `max_restarts` losses it is given up instead, with verdict crash. If its worker had said that it
/// leaves, the loss is explained: the task waits again, and it counts against nobody. \pre  the
/// task is leased, and the state has it as it is (no change of this draft touched it)
void lose_lease(Draft& draft, const State& state, const Task& task, LeaseEnd how, Timestamp now);

/// The lease of the task as it is remembered when it ends. \pre  the task is leased
[[nodiscard]] PastLease past_lease(const State& state, const Task& task);

/// What an experiment of this task says of it, whatever became of it: origin, attempts, what was
/// charged before. Verdict, reason, token and measurements are the caller's.
/// \pre  the task is leased
[[nodiscard]] Experiment record_of(const Task& task, Timestamp now);

}  // namespace swarmlab::swarm
