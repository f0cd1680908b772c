// Workers that come under new names again and again (pods, machines of a cloud) add up. Of those
// that are gone the swarm remembers the ones that were here last.
#pragma once

#include <vector>

#include "coordinator/swarm/rules.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

/// Which workers to forget now, the longest gone first. Never one that was heard of within
/// Rules::absent_after, nor any before somebody was heard of for that long (after a restart all are
/// silent), nor one that matters still: it holds a lease, is put aside until a person releases it,
/// or is the last of its pool, which tells what machines the pool has.
/// \complexity  linear in workers, if there are more than Rules::most_absent
[[nodiscard]] std::vector<WorkerName> to_forget(const State& state, const Rules& rules,
                                                Timestamp now);

}  // namespace swarmlab::swarm
