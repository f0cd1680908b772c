// A machine on which everything fails must not burn the experiments of a lab: it is put into
// quarantine, until a person releases it.
//
// Failures are leases that were lost without an explanation (all that one silence or one restart
// takes are one failure), attempts that crashed, and work that came back because something failed
// on the worker. They count in a row; timeouts and scores that are no numbers say nothing of a
// machine. Attempts fail because of labs and agents, too: so a row counts only while other workers
// succeed, and the more of them fail, the longer it must be. If all fail alike, it is the lab's
// fault, and nobody is put aside.
#pragma once

#include <string>

#include "coordinator/swarm/command.h"

namespace swarmlab::swarm {

/// evolve() tells of every result.
void note_success(Health& health, const WorkerName& worker);
void note_failure(Health& health, const WorkerName& worker, TaskId task);
void note_own_failure(Health& health, const WorkerName& worker, TaskId task);
/// A loss of a worker that was heard of last at `heard`: counted once until it is heard of again.
void note_loss(Health& health, const WorkerName& worker, TaskId task, Timestamp heard,
               Timestamp now);
/// What an attempt that was decided says of the machine.
void note_decided(Health& health, const Experiment& experiment);
void forget(Health& health, const WorkerName& worker);

/// Why the worker is to be put into quarantine; empty: it is not.
/// \complexity linear in workers, if this one fails in a row and others succeed
[[nodiscard]] std::string why_quarantine(const State& state, const Rules& rules,
                                         const WorkerName& worker);

/// Why the worker gets nothing until other workers' results tell whether it or the lab is to blame;
/// empty: it may.
[[nodiscard]] std::string why_wait_for_others(const State& state, const Rules& rules,
                                              const WorkerName& worker);

}  // namespace swarmlab::swarm
