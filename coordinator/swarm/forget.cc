#include "coordinator/swarm/forget.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "coordinator/swarm/pool.h"

namespace swarmlab::swarm {
namespace {

constexpr std::size_t kMostAtOnce = 100;  // the rest with the next ticks

struct Absent {
  const Worker* worker;
  Timestamp last;  // that it was heard of; of those that were not since the start, when it came

  bool operator<(const Absent& other) const {
    return std::tie(last, worker->name) < std::tie(other.last, other.worker->name);
  }
};

std::vector<Absent> absent(const State& state, const Rules& rules, Timestamp now) {
  std::vector<Absent> all;
  for (const auto& [name, worker] : state.workers) {
    const auto seen = state.presence.workers.find(name);
    const bool was_here = seen != state.presence.workers.end();
    const Timestamp last = was_here ? seen->second.last : worker.joined_at;
    if (now - last >= rules.absent_after) all.push_back({.worker = &worker, .last = last});
  }
  std::ranges::sort(all, std::less<>());
  return all;
}

bool matters(const State& state, const Worker& worker) {
  return worker.quarantine || worker.distrust || state.index.holds.contains(worker.name) ||
         std::ranges::any_of(state.presence.reserved,
                             [&](const auto& one) { return one.second == worker.name; });
}

}  // namespace

std::vector<WorkerName> to_forget(const State& state, const Rules& rules, Timestamp now) {
  const std::optional<Timestamp>& since = state.presence.since;
  if (!since || now - *since < rules.absent_after) return {};
  if (state.workers.size() <= rules.most_absent) return {};
  const std::vector<Absent> gone = absent(state, rules, now);
  if (gone.size() <= rules.most_absent) return {};
  std::map<std::string, WorkerName> last_of_pool;
  for (const Absent& one : gone) {
    last_of_pool.insert_or_assign(pool_named_in(one.worker->capacity.labels), one.worker->name);
  }
  std::size_t excess = std::min(kMostAtOnce, gone.size() - rules.most_absent);
  std::vector<WorkerName> names;
  for (const Absent& one : gone) {
    if (excess == 0) break;
    const WorkerName& name = one.worker->name;
    if (matters(state, *one.worker)) continue;
    if (last_of_pool.at(pool_named_in(one.worker->capacity.labels)) == name) continue;
    names.push_back(name);
    excess -= 1;
  }
  return names;
}

}  // namespace swarmlab::swarm
