#include "coordinator/swarm/presence.h"

#include "common/result.h"
#include "coordinator/swarm/find.h"

namespace swarmlab::swarm {

void apply(State& state, const WorkerReserved& fact) {
  state.presence.reserved.insert_or_assign(fact.lab, fact.worker);
}

void apply(State& state, const WorkerSeen& fact) {
  if (!state.presence.since) state.presence.since = fact.at;
  Presence::Seen& seen = state.presence.workers[fact.worker];
  if (seen.session != fact.session) seen = Presence::Seen{.session = fact.session, .last = fact.at};
  seen.last = fact.at;
  seen.leaving = fact.leaving;
}

void apply(State& state, const SlotServed& fact) {
  const auto seen = state.presence.workers.find(fact.worker);
  SWARMLAB_ASSERT(seen != state.presence.workers.end());
  seen->second.slots.insert_or_assign(fact.slot,
                                      Presence::Served{.task = fact.task, .token = fact.token});
}

void apply(State& state, const WorkerGone& fact) {
  state.presence.workers.erase(fact.worker);
}

void apply(State& state, const LeaseExtended& fact) {
  const Task& task = task_of(state, fact.task);
  SWARMLAB_ASSERT(task.lease && task.lease->token == fact.token);
  state.presence.deadlines.insert_or_assign(fact.task, fact.until);
}

void apply(State& state, const AlarmRaised& fact) {
  state.presence.alarm = Presence::Alarm{
      .silent = fact.silent, .holders = fact.holders, .at = fact.at, .held_until = fact.held_until};
}

void apply(State& state, const AlarmCleared& /*fact*/) {
  state.presence.alarm.reset();
}

}  // namespace swarmlab::swarm
