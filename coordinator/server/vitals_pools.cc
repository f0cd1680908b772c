// Metrics of pools and of the work that is out.
#include <algorithm>
#include <map>

#include "coordinator/server/vitals.h"
#include "coordinator/swarm/demand.h"
#include "coordinator/swarm/mass_loss.h"
#include "coordinator/swarm/pool.h"

namespace swarmlab::server {
namespace {

// Of a pool's workers and slots, by state.
struct Census {
  std::map<std::string_view, std::uint64_t> workers{
      {"ready", 0}, {"silent", 0}, {"leaving", 0}, {"quarantined", 0}, {"distrusted", 0}};
  std::uint64_t blocked = 0;  // slots that get nothing
};

std::string_view state_of(const VitalsSource& source, const swarm::Worker& worker,
                          const swarm::Presence::Seen& seen) {
  if (worker.quarantine) return "quarantined";
  if (seen.leaving) return "leaving";
  if (swarm::is_silent(source.state, source.rules, worker.name, source.now)) return "silent";
  return worker.distrust ? "distrusted" : "ready";
}

std::map<std::string, Census> census_of(const VitalsSource& source) {
  std::map<std::string, Census> pools;
  for (const auto& [name, seen] : source.state.presence.workers) {
    const swarm::Worker& worker = source.state.workers.at(name);
    Census& census = pools[swarm::pool_named_in(worker.capacity.labels)];
    const std::string_view state = state_of(source, worker, seen);
    census.workers[state] += 1;
    if (state != "ready" && state != "distrusted") census.blocked += worker.slots;
  }
  return pools;
}

void tell_pool(metrics::Page& page, const swarm::PoolDemand& demand, const Census& census) {
  const std::string& pool = demand.pool;
  for (const auto& [state, count] : census.workers) {
    page.gauge("swarmlab_workers", "Workers that are connected", number(count),
               {{"pool", pool}, {"state", std::string(state)}});
  }
  const std::uint64_t busy = demand.slots - std::min(demand.slots, demand.idle);
  for (const auto& [state, count] : {std::pair<const char*, std::uint64_t>{"busy", busy},
                                     {"idle", demand.idle},
                                     {"blocked", census.blocked}}) {
    page.gauge("swarmlab_slots", "Slots of connected workers; blocked: they get nothing",
               number(count), {{"pool", pool}, {"state", state}});
  }
  page.gauge("swarmlab_demand_slots", "Slots that the pool could use: running, and leasable now",
             number(demand.wanted), {{"pool", pool}});
}

void tell_leases(metrics::Page& page, const VitalsSource& source) {
  std::uint64_t current = 0;
  std::uint64_t orphaned = 0;
  for (const auto& [id, open] : source.state.index.labs) {
    current += open.leased.size();
    orphaned += open.orphaned.size();
  }
  constexpr const char* kHelp = "Leases; orphaned: their segment ended, only what they cost counts";
  page.gauge("swarmlab_leases", kHelp, number(current), {{"state", "current"}});
  page.gauge("swarmlab_leases", kHelp, number(orphaned), {{"state", "orphaned"}});
}

// Those that there can be are told from the first moment on, so that a first one can be seen.
void tell_counts(metrics::Page& page, const char* name, const char* help,
                 const Tally::Counts& counts, std::initializer_list<const char*> reasons) {
  for (const char* reason : reasons) {
    const auto found = counts.find(reason);
    page.counter(name, help, number(found == counts.end() ? 0 : found->second),
                 {{"reason", reason}});
  }
}

}  // namespace

void tell_pools(metrics::Page& page, const VitalsSource& source) {
  const std::vector<swarm::PoolDemand> all =
      swarm::demand_of(source.state, source.rules, source.now);
  const std::map<std::string, Census> census = census_of(source);
  const std::size_t most = std::min(all.size(), kMostPoolsTold);
  for (std::size_t i = 0; i < most; ++i) {
    const auto found = census.find(all[i].pool);
    tell_pool(page, all[i], found == census.end() ? Census() : found->second);
  }
  page.gauge("swarmlab_hidden_series", "Labs and pools that are too many to be told",
             number(all.size() - most), {{"kind", "pools"}});
}

void tell_work(metrics::Page& page, const VitalsSource& source) {
  const Tally& tally = source.tally;
  tell_leases(page, source);
  page.histogram("swarmlab_task_queue_seconds", "From when a task waits to its lease", tally.queue);
  tell_counts(page, "swarmlab_lease_expirations_total", "Leases without a report that counts",
              tally.lease_ends, {"expired", "worker_restarted", "returned", "worker_failed"});
  tell_counts(page, "swarmlab_worker_lost_total", "Workers that were lost with leases",
              tally.workers_lost, {"silent", "restarted"});
  page.counter("swarmlab_stale_reports_total", "Reports under a lease that had ended",
               number(tally.stale_reports));
  page.counter("swarmlab_duplicate_reports_total", "Reports that had counted before",
               number(tally.duplicate_reports));
  page.counter("swarmlab_worker_quarantines_total", "Workers that were put into quarantine",
               number(tally.quarantines));
  page.counter("swarmlab_provider_failures_total", "Times that agents' providers failed",
               number(tally.provider_failures));
}

}  // namespace swarmlab::server
