#include "coordinator/swarm/handlers.h"

namespace swarmlab::swarm {

Decision decide(const State& state, const Rules& rules, const Command& command, Timestamp now) {
  return std::visit([&](const auto& one) { return on(state, rules, one, now); }, command);
}

}  // namespace swarmlab::swarm
