#include "coordinator/swarm/backoff.h"

#include "common/result.h"

namespace swarmlab::swarm {
namespace {

Lab& lab_in(State& state, LabId id) {
  const auto found = state.labs.find(id);
  SWARMLAB_ASSERT(found != state.labs.end());
  return found->second;
}

}  // namespace

void apply(State& state, const ProviderFailed& fact) {
  lab_in(state, fact.lab).backoff = fact.backoff;
}

void apply(State& state, const ProviderAnswered& fact) {
  lab_in(state, fact.lab).backoff.reset();
}

}  // namespace swarmlab::swarm
