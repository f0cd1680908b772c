#include "coordinator/swarm/mass_loss.h"

namespace swarmlab::swarm {

bool is_silent(const State& state, const Rules& rules, const WorkerName& worker, Timestamp now) {
  const auto seen = state.presence.workers.find(worker);
  return seen == state.presence.workers.end() || now - seen->second.last >= rules.worker_silence;
}

Silence silence_of(const State& state, const Rules& rules, Timestamp now) {
  Silence silence;
  for (const auto& [worker, tasks] : state.index.holds) {
    silence.holders += 1;
    if (is_silent(state, rules, worker, now)) silence.silent += 1;
  }
  return silence;
}

bool is_mass(const Silence& silence) {
  constexpr std::uint32_t kFew = 3;
  constexpr std::uint64_t kPercent = 30;
  return silence.silent >= kFew && std::uint64_t{100} * silence.silent > kPercent * silence.holders;
}

}  // namespace swarmlab::swarm
