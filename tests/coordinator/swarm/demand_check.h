// What is asked for would be used: a machine that has everything and comes now gets a task, if any
// pool is asked for more than what runs.
#pragma once

#include <algorithm>
#include <string>

#include "coordinator/swarm/demand.h"
#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {

// Empty: it is so.
inline std::string wrong_in_demand(const State& state, const Rules& rules, Timestamp now) {
  std::uint64_t leasable = 0;
  std::uint64_t asks = 0;
  for (const PoolDemand& pool : demand_of(state, rules, now)) {
    for (const LabDemand& one : pool.labs) {
      const Lab& lab = state.labs.at(one.lab);
      asks += one.leasable;
      if (lab.status != LabStatus::running && one.leasable > 0) {
        return "lab " + lab.settings.name + " does not run, and asks for more";
      }
      // A provider that fails shortly is waited for; a machine may be kept free for a large task.
      const bool may_wait = lab.backoff || state.presence.reserved.contains(one.lab);
      leasable += may_wait ? 0 : one.leasable;
    }
    if (pool.wanted > 0 && pool.why.empty()) return "pool " + pool.pool + " does not say why";
  }
  if (leasable == 0) return {};
  State after = state;
  Worker worker{
      .name = WorkerName("has-everything"), .host_class = "any", .slots = 1, .joined_at = now};
  worker.capacity = {.cpu_millis = 10'000'000, .memory_bytes = 1ULL << 50U};
  for (int i = 0; i < 64; ++i) worker.capacity.gpus.push_back(std::to_string(i));
  for (const auto& [id, lab] : state.labs) {
    const auto add = [&](const Needs& needs) {
      auto& labels = worker.capacity.labels;
      labels.insert(labels.end(), needs.labels.begin(), needs.labels.end());
    };
    add(lab.settings.needs);
    for (const Scale& scale : lab.settings.scales) add(scale.needs.value_or(Needs{}));
  }
  worker.measures = worker.scales = worker.injects = worker.presets = worker.simplifies = true;
  const SessionId session(~std::uint64_t{0});
  const auto joined =
      decide(after, rules, WorkerArrived{.worker = worker, .session = session, .held = {}}, now);
  for (const Change& change : joined.changes) evolve(after, change);
  const auto asked =
      decide(after, rules, WorkAsked{.worker = worker.name, .session = session}, now);
  if (std::holds_alternative<Granted>(asked.reply)) return {};
  return fmt::format("{} tasks could begin, it is said, but who comes for one gets none: {}", asks,
                     SwarmUnderTest::said(asked.reply));
}

}  // namespace swarmlab::swarm
