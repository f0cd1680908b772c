#include "common/result.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

void rebuild_index(State& state) {
  Index index;
  for (const auto& [id, lab] : state.labs) index.labs.try_emplace(id);
  for (const auto& [id, task] : state.tasks) {
    SWARMLAB_ASSERT(state.labs.contains(task.lab));
    Index::OfLab& of_lab = index.labs[task.lab];
    if (task.lease) {
      of_lab.leased.insert(id);
      index.holds[task.lease->worker].insert(id);
    } else {
      of_lab.waiting.insert(id);
    }
  }
  state.index = std::move(index);
}

}  // namespace swarmlab::swarm
