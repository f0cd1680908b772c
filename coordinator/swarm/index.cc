#include "common/result.h"
#include "coordinator/swarm/climbs.h"
#include "coordinator/swarm/evolve_parts.h"
#include "coordinator/swarm/fit.h"
#include "coordinator/swarm/search.h"
#include "coordinator/swarm/simplicity.h"

namespace swarmlab::swarm {

void rebuild_index(State& state) {
  Index index;
  for (const auto& [id, lab] : state.labs) index.labs.try_emplace(id);
  for (const auto& [id, task] : state.tasks) {
    const auto lab = state.labs.find(task.lab);
    SWARMLAB_ASSERT(lab != state.labs.end());
    Index::OfLab& of_lab = index.labs[task.lab];
    const bool is_current = task.segment == lab->second.segment.number;
    if (is_current && task.kind == TaskKind::simplify) of_lab.simplifies = id;
    if (task.lease) {
      (is_current ? of_lab.leased : of_lab.orphaned).insert(id);
      if (is_current && !makes_experiment(task.kind)) of_lab.leased_checks += 1;
      index.holds[task.lease->worker].insert(id);
      Resources& taken = index.taken[task.lease->worker];
      taken = plus(taken, task.lease->takes);
    } else {
      put_waiting(of_lab, task);
    }
  }
  state.index = std::move(index);
  for (auto& [id, lab] : state.labs) {
    rebuild_search(state, lab);
    rebuild_rankings(state, lab);
    note_best(state, lab);
  }
}

}  // namespace swarmlab::swarm
