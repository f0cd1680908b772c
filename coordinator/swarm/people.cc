#include "coordinator/swarm/people.h"

#include "common/result.h"
#include "coordinator/swarm/climbs.h"
#include "coordinator/swarm/evolve_parts.h"
#include "coordinator/swarm/search.h"
#include "coordinator/swarm/simplicity.h"

namespace swarmlab::swarm {

void apply(State& state, const HintGiven& fact) {
  Lab& lab = lab_in(state, fact.lab);
  SWARMLAB_ASSERT(fact.number == lab.next_hint);
  lab.hints.emplace(fact.number, fact.hint);
  lab.next_hint = next(fact.number);
}

void apply(State& state, const HintWithdrawn& fact) {
  lab_in(state, fact.lab).hints.erase(fact.number);
}

// Of several that go at once, each fact says the best that is left after the last one.
void apply(State& state, const ExperimentRejected& fact) {
  Lab& lab = lab_in(state, fact.lab);
  const auto entry = lab.frontier.find(fact.experiment);
  SWARMLAB_ASSERT(entry != lab.frontier.end());
  lab.rejected.emplace(entry->first, entry->second);
  lab.frontier.erase(entry);
  const auto best = lab.frontier.find(fact.best);
  SWARMLAB_ASSERT(best != lab.frontier.end());
  lab.best = best->second;
  note_rejected(lab, fact.experiment, fact.rejection);
  rebuild_search(state, lab);
  rebuild_rankings(state, lab);
  note_best(state, lab);
  lab.holdout.erase(fact.experiment);
}

void apply(State& state, const HypothesisAnnounced& fact) {
  const auto task = state.tasks.find(fact.task);
  SWARMLAB_ASSERT(task != state.tasks.end() && task->second.lease &&
                  task->second.lease->token == fact.token);
  state.presence.announced.insert_or_assign(fact.task, fact.said);
}

}  // namespace swarmlab::swarm
