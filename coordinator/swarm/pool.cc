#include "coordinator/swarm/pool.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <tuple>

#include "common/model/sandbox.h"
#include "common/result.h"
#include "coordinator/swarm/fit.h"

namespace swarmlab::swarm {
namespace {

std::vector<std::string> sorted(std::vector<std::string> labels) {
  std::ranges::sort(labels);
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  return labels;
}

void add_machine(Pool& pool, Machine machine) {
  if (std::ranges::find(pool.machines, machine) == pool.machines.end()) {
    pool.machines.push_back(std::move(machine));
  }
}

// What is not said of CPUs and memory is enough; GPUs are rare enough to be named.
Pool declared(const DeclaredPool& rule) {
  Machine machine{
      .labels = rule.labels, .total = rule.machine, .slots = rule.slots, .declared = true};
  machine.labels.push_back(std::string(kPoolLabel) + rule.name);
  machine.labels = sorted(std::move(machine.labels));
  if (machine.total.cpu_millis == 0) {
    machine.total.cpu_millis = std::numeric_limits<std::uint32_t>::max();
  }
  if (machine.total.memory_bytes == 0) {
    machine.total.memory_bytes = std::numeric_limits<std::uint64_t>::max();
  }
  return {.known = Pool::Known::declared,
          .name = rule.name,
          .machines = {std::move(machine)},
          .most_slots = rule.most_slots};
}

bool can_take(const Machine& machine, const Needs& needs) {
  return covers(machine.total, needs.amount) &&
         std::ranges::all_of(needs.labels, [&](const std::string& label) {
           return std::ranges::binary_search(machine.labels, label) ||
                  (machine.declared && is_own_label(label));
         });
}

template <class Number>
std::uint64_t times(Number total, Number needed) {
  return needed == 0 ? std::numeric_limits<std::uint64_t>::max() : total / needed;
}

// Of a machine that can take one.
std::uint32_t slots_each(const Machine& machine, const Resources& needs) {
  const std::uint64_t slots = std::max<std::uint64_t>(1, machine.slots);
  const std::uint64_t together = std::min({slots, times(machine.total.cpu_millis, needs.cpu_millis),
                                           times(machine.total.memory_bytes, needs.memory_bytes),
                                           times(machine.total.gpus, needs.gpus)});
  return static_cast<std::uint32_t>((slots + together - 1) / together);
}

// The lowest is the best place.
using Rank = std::tuple<bool, std::size_t, std::uint32_t, Pool::Known, std::uint32_t, std::uint64_t,
                        std::uint32_t>;

Rank rank_of(const Pool& pool, const Machine& machine, const Needs& needs) {
  const auto is_extra = [&needs](const std::string& label) {
    return !label.starts_with(kPoolLabel) && !is_own_label(label) &&
           std::ranges::find(needs.labels, label) == needs.labels.end();
  };
  return {pool.known == Pool::Known::was_here,
          static_cast<std::size_t>(std::ranges::count_if(machine.labels, is_extra)),
          machine.total.gpus,
          pool.known,
          machine.total.cpu_millis,
          machine.total.memory_bytes,
          slots_each(machine, needs.amount)};
}

// Nobody knows of such a pool. Its labels say how it is to be called.
std::string wanted_pool(const std::vector<Pool>& pools, const Needs& needs) {
  std::string name;
  for (const std::string& label : needs.labels) {
    if (label.starts_with(kPoolLabel)) return label.substr(kPoolLabel.size());
    if (is_own_label(label)) continue;
    name += (name.empty() ? "" : "+") + label;
  }
  if (name.empty()) name = kDefaultPool;
  const bool is_known = std::ranges::find(pools, name, &Pool::name) != pools.end();
  return std::string(is_known ? kNoPool : name);
}

}  // namespace

std::string pool_named_in(const std::vector<std::string>& labels) {
  const auto named = std::ranges::find_if(
      labels, [](const std::string& label) { return label.starts_with(kPoolLabel); });
  if (named == labels.end() || named->size() == kPoolLabel.size()) return std::string(kDefaultPool);
  return named->substr(kPoolLabel.size());
}

std::vector<Pool> pools_of(const State& state, const Rules& rules) {
  std::map<std::string, Pool> pools;
  for (const DeclaredPool& rule : rules.pools) pools.emplace(rule.name, declared(rule));
  // What its workers are now counts before what others were.
  for (const bool here : {true, false}) {
    for (const auto& [name, worker] : state.workers) {
      if (state.presence.workers.contains(name) != here) continue;
      const Pool::Known known = here ? Pool::Known::here : Pool::Known::was_here;
      const std::string of = pool_named_in(worker.capacity.labels);
      Pool& pool =
          pools.try_emplace(of, Pool{.known = known, .name = of, .machines = {}}).first->second;
      if (pool.known != known && !(here && pool.known == Pool::Known::declared)) continue;
      add_machine(pool, {.labels = sorted(worker.capacity.labels),
                         .total = total_of(worker),
                         .slots = worker.slots});
    }
  }
  std::vector<Pool> all;
  all.reserve(pools.size());
  for (auto& [name, pool] : pools) all.push_back(std::move(pool));
  return all;
}

Place place_for(const std::vector<Pool>& pools, const Needs& needs) {
  std::optional<Rank> best;
  Place place;
  for (const Pool& pool : pools) {
    for (const Machine& machine : pool.machines) {
      if (!can_take(machine, needs)) continue;
      const Rank rank = rank_of(pool, machine, needs);
      if (best && *best <= rank) continue;
      best = rank;
      place = {.pool = pool.name, .slots_each = slots_each(machine, needs.amount)};
    }
  }
  if (!best) place.pool = wanted_pool(pools, needs);
  return place;
}

}  // namespace swarmlab::swarm
