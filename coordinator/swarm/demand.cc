#include "coordinator/swarm/demand.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "common/model/scale.h"
#include "common/result.h"
#include "coordinator/swarm/appetite.h"
#include "coordinator/swarm/find.h"
#include "coordinator/swarm/fit.h"
#include "coordinator/swarm/mass_loss.h"
#include "coordinator/swarm/pool.h"

namespace swarmlab::swarm {
namespace {

// A pool while it is reckoned.
struct Row {
  PoolDemand demand;
  std::uint64_t taken = 0;       // slots, by what runs on workers that stay, and is for them
  std::uint64_t lent = 0;        // slots, by what another pool's machines could do as well
  std::uint64_t most_slots = 0;  // 0: no limit
};

using Rows = std::map<std::string, Row>;

// Of `slots`, for a part of something; rounded up.
template <class Number>
std::uint64_t share(Number taken, Number total, std::uint64_t slots) {
  constexpr double kRounding = 1e-9;
  if (total == 0) return 0;
  const double part = static_cast<double>(taken) / static_cast<double>(total);
  return static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(slots) - kRounding));
}

// Slots of a worker that are in use: a few large tasks may fill it.
std::uint64_t slots_taken(const State& state, const Worker& worker, std::uint64_t leases) {
  const auto found = state.index.taken.find(worker.name);
  if (leases == 0 || found == state.index.taken.end()) return leases;
  const Resources& taken = found->second;
  const Resources total = total_of(worker);
  const std::uint64_t slots = worker.slots;
  return std::max({leases, std::min(slots, share(taken.cpu_millis, total.cpu_millis, slots)),
                   std::min(slots, share(taken.memory_bytes, total.memory_bytes, slots)),
                   std::min(slots, share(taken.gpus, total.gpus, slots))});
}

void count_workers(Rows& rows, const State& state, const Rules& rules, Timestamp now) {
  for (const auto& [name, seen] : state.presence.workers) {
    if (seen.leaving) continue;
    const Worker& worker = state.workers.at(name);
    if (worker.quarantine || is_silent(state, rules, name, now)) continue;
    Row& row = rows.at(pool_named_in(worker.capacity.labels));
    const auto holds = state.index.holds.find(name);
    const std::uint64_t leases = holds == state.index.holds.end() ? 0 : holds->second.size();
    const std::uint64_t taken = slots_taken(state, worker, leases);
    row.demand.workers += 1;
    row.demand.slots += worker.slots;
    row.demand.idle += worker.slots > taken ? worker.slots - taken : 0;
  }
}

// Where tasks go, each kind looked up once.
class Places {
 public:
  Places(const State& state, const Rules& rules) : state_(state), pools_(pools_of(state, rules)) {}

  [[nodiscard]] const std::vector<Pool>& pools() const { return pools_; }
  const Place& of(LabId lab, std::uint32_t scale) {
    const auto known = places_.find({lab, scale});
    if (known != places_.end()) return known->second;
    const Needs& needs = needs_at(lab_of(state_, lab).settings, scale);
    return places_.emplace(std::pair(lab, scale), place_for(pools_, needs)).first->second;
  }

 private:
  const State& state_;
  std::vector<Pool> pools_;
  std::map<std::pair<LabId, std::uint32_t>, Place> places_;
};

// Of whoever holds leases: of workers that are expected back after a restart, too. Those that leave
// are going, whatever is wanted. What runs on machines that another pool's could do as well is no
// reason to keep them: else small work would hold large machines for ever.
void count_leases(Rows& rows, Places& places, const State& state) {
  for (const auto& [name, tasks] : state.index.holds) {
    const std::string pool = pool_named_in(state.workers.at(name).capacity.labels);
    Row& row = rows.at(pool);
    row.demand.running += tasks.size();
    const auto seen = state.presence.workers.find(name);
    if (seen != state.presence.workers.end() && seen->second.leaving) continue;
    for (const TaskId id : tasks) {
      const Task& task = task_of(state, id);
      const std::uint32_t most = static_cast<std::uint32_t>(
          std::max<std::size_t>(1, lab_of(state, task.lab).settings.scales.size()));
      const Place& place = places.of(task.lab, std::min(task.scale, most - 1));
      (place.pool == pool ? row.taken : row.lent) += place.slots_each;
    }
  }
}

void ask_for_labs(Rows& rows, Places& places, const State& state, Timestamp now) {
  for (const auto& [id, lab] : state.labs) {
    for (Appetite& appetite : appetite_of(state, lab, now)) {
      const Place& place = places.of(id, appetite.scale);
      Row& row = rows[place.pool];
      row.demand.pool = place.pool;
      row.demand.labs.push_back({.lab = id,
                                 .scale = appetite.scale,
                                 .leasable = appetite.tasks,
                                 .slots_each = place.slots_each,
                                 .why = std::move(appetite.why)});
    }
  }
}

std::uint64_t slots_of(const LabDemand& one) {
  return one.leasable * one.slots_each;
}

// What is allowed goes to the labs by their weights, one task after the other, as leases would.
void cut(Row& row, const State& state) {
  std::uint64_t wanted = 0;
  for (const LabDemand& one : row.demand.labs) wanted += slots_of(one);
  std::uint64_t room = row.most_slots > row.taken ? row.most_slots - row.taken : 0;
  if (row.most_slots == 0 || wanted <= room) return;
  std::vector<std::uint64_t> asked;
  for (LabDemand& one : row.demand.labs) asked.push_back(std::exchange(one.leasable, 0));
  while (true) {
    LabDemand* next = nullptr;
    double behind = 0.0;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      LabDemand& one = row.demand.labs[i];
      if (one.leasable == asked[i] || one.slots_each > room) continue;
      const double has = static_cast<double>(slots_of(one)) /
                         static_cast<double>(lab_of(state, one.lab).settings.weight);
      if (next != nullptr && behind <= has) continue;
      next = &one;
      behind = has;
    }
    if (next == nullptr) return;
    next->leasable += 1;
    room -= next->slots_each;
  }
}

std::string of_lab(const State& state, const LabDemand& one) {
  const LabSettings& settings = lab_of(state, one.lab).settings;
  const std::string where = settings.scales.empty()
                                ? settings.name
                                : settings.name + " at " + settings.scales.at(one.scale).name;
  const std::string each =
      one.slots_each > 1 ? fmt::format(" of {} slots each", one.slots_each) : std::string();
  return one.leasable == 0
             ? fmt::format("{} asks for nothing more: {}", where, one.why)
             : fmt::format("{} could begin {}{}: {}", where, one.leasable, each, one.why);
}

std::string explained(const Row& row, const State& state) {
  const PoolDemand& demand = row.demand;
  constexpr std::size_t kTold = 5;
  std::string told = demand.running == 0 ? "nothing runs" : fmt::format("{} run", demand.running);
  if (demand.pool == kNoPool) {
    told = "no machine that is known can take these: declare a pool for them, or start one";
  }
  // Those that ask for something first.
  std::size_t count = 0;
  for (const bool asks : {true, false}) {
    for (const LabDemand& one : demand.labs) {
      if ((one.leasable > 0) != asks || ++count > kTold) continue;
      told += "; " + of_lab(state, one);
    }
  }
  if (demand.labs.empty()) told += "; no lab asks for it";
  if (count > kTold) told += fmt::format("; and {} more", count - kTold);
  if (row.most_slots != 0 && demand.wanted >= row.most_slots) {
    told += fmt::format("; {} slots are the most that it may have", row.most_slots);
  }
  return told;
}

PoolDemand settled(Row row, const State& state) {
  cut(row, state);
  PoolDemand& demand = row.demand;
  demand.wanted = row.taken;
  for (const LabDemand& one : demand.labs) {
    demand.leasable += one.leasable;
    demand.wanted += slots_of(one);
  }
  // What waits cannot have the slots that are lent.
  if (demand.leasable > 0) demand.wanted += row.lent;
  if (row.most_slots != 0)
    demand.wanted = std::min(demand.wanted, std::max(row.most_slots, row.taken));
  if (demand.pool == kNoPool) demand.wanted = 0;  // nothing that could be started would help
  demand.why = explained(row, state);
  return std::move(demand);
}

}  // namespace

std::vector<PoolDemand> demand_of(const State& state, const Rules& rules, Timestamp now) {
  Places places(state, rules);
  Rows rows;
  for (const Pool& pool : places.pools()) {
    Row& row = rows[pool.name];
    row.demand.pool = pool.name;
    row.most_slots = pool.most_slots;
  }
  count_workers(rows, state, rules, now);
  count_leases(rows, places, state);
  ask_for_labs(rows, places, state, now);
  std::vector<PoolDemand> all;
  for (auto& [name, row] : rows) all.push_back(settled(std::move(row), state));
  return all;
}

}  // namespace swarmlab::swarm
