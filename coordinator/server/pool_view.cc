#include "coordinator/server/pool_view.h"

#include <algorithm>
#include <limits>

#include "coordinator/swarm/demand.h"

namespace swarmlab::server {
namespace {

std::uint32_t count(std::uint64_t number) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(number, std::numeric_limits<std::uint32_t>::max()));
}

void write_pool(schema::PoolLabView::Builder to, const swarm::State& state,
                const swarm::LabDemand& one) {
  const LabSettings& settings = state.labs.at(one.lab).settings;
  to.setLab(settings.name.c_str());
  if (!settings.scales.empty()) to.setScale(settings.scales.at(one.scale).name.c_str());
  to.setLeasable(count(one.leasable));
  to.setSlotsEach(one.slots_each);
  to.setWhy(one.why.c_str());
}

void write_pool(schema::PoolView::Builder to, const swarm::State& state,
                const swarm::PoolDemand& demand) {
  to.setName(demand.pool.c_str());
  to.setWorkers(count(demand.workers));
  to.setSlots(count(demand.slots));
  to.setRunning(count(demand.running));
  to.setIdle(count(demand.idle));
  to.setLeasable(count(demand.leasable));
  to.setWanted(count(demand.wanted));
  to.setWhy(demand.why.c_str());
  auto labs = to.initLabs(count(demand.labs.size()));
  for (unsigned i = 0; i < demand.labs.size(); ++i) write_pool(labs[i], state, demand.labs[i]);
}

}  // namespace

void write_view(schema::PoolList::Builder to, const swarm::State& state, const swarm::Rules& rules,
                Timestamp now) {
  const std::vector<swarm::PoolDemand> all = demand_of(state, rules, now);
  auto pools = to.initPools(count(all.size()));
  for (unsigned i = 0; i < all.size(); ++i) write_pool(pools[i], state, all[i]);
}

}  // namespace swarmlab::server
