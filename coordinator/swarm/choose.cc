#include "coordinator/swarm/choose.h"

#include <algorithm>

#include "common/model/scale.h"
#include "common/result.h"
#include "coordinator/swarm/backoff.h"
#include "coordinator/swarm/find.h"
#include "coordinator/swarm/fit.h"
#include "coordinator/swarm/learn.h"
#include "coordinator/swarm/mass_loss.h"
#include "coordinator/swarm/share.h"
#include "coordinator/swarm/stop.h"

namespace swarmlab::swarm {
namespace {

enum class Obstacle : std::uint8_t {
  none,
  not_running,
  time,
  money,
  parallel,
  baseline,
  iterations,
  ladder,
  provider,
};

// Orphans take their places until they end.
std::uint64_t running_in(const Standing& standing) {
  return standing.leased + standing.orphaned;
}

// Against any lease of the lab.
Obstacle against_a_lease(const Lab& lab, const Standing& standing, Timestamp now) {
  const StopLimits& limits = lab.settings.stop;
  if (lab.status != LabStatus::running) return Obstacle::not_running;
  if (limits.max_time.count() != 0 && running_time(standing, now) >= limits.max_time) {
    return Obstacle::time;
  }
  if (money_is_taken(limits, standing)) return Obstacle::money;
  const std::uint32_t most = lab.settings.max_parallel;
  if (most != 0 && running_in(standing) >= most) return Obstacle::parallel;
  return Obstacle::none;
}

// Against one more experiment beside `running` ones. Baselines are not counted.
Obstacle against_another(const Lab& lab, const Standing& standing, std::uint64_t running) {
  const std::uint64_t most = lab.settings.stop.max_iterations;
  const bool full = most != 0 && standing.iterations + running >= most;
  return full && lab.segment.baseline_measured ? Obstacle::iterations : Obstacle::none;
}

Obstacle against_a_retry(const Lab& lab, const Standing& standing, Timestamp now) {
  const Obstacle obstacle = against_a_lease(lab, standing, now);
  return obstacle == Obstacle::none ? against_another(lab, standing, standing.exploring())
                                    : obstacle;
}

Obstacle against_a_new_task(const State& state, const Lab& lab, const Standing& standing,
                            Timestamp now) {
  const Obstacle obstacle = against_a_lease(lab, standing, now);
  if (obstacle != Obstacle::none) return obstacle;
  // What the search is enough for is not stopped for what climbs, but not gone on with either.
  if (standing.climbs && searched_enough(lab.settings, standing)) return Obstacle::ladder;
  const std::uint64_t open = standing.exploring() + standing.waiting;
  if (!lab.segment.baseline_measured && open > 0) return Obstacle::baseline;
  if (lab.segment.baseline_measured && waits_for_provider(state, lab, now)) {
    return Obstacle::provider;
  }
  return against_another(lab, standing, open);
}

// One of an old release cannot measure again nor merge, and what one measures that is not trusted
// does not count.
bool may_do(const Worker& worker, const Lab& lab, const Task& task) {
  if ((task.pending || task.merge) && !worker.measures) return false;
  if (task.candidate && !worker.injects) return false;
  if (lab.settings.agent.kind != AgentKind::command && needs_agent(task) && !worker.presets) {
    return false;
  }
  if (task.kind == TaskKind::simplify && !task.pending && !worker.simplifies) return false;
  return task.pending ? !worker.distrust : may_explore(worker, lab);
}

// The first that waits and that the worker can do.
std::optional<TaskId> first_waiting(const State& state, const Lab& lab, const Worker* worker,
                                    Timestamp now) {
  const std::set<TaskId>& waiting = state.index.labs.at(lab.id).waiting;
  const bool no_agents = waits_for_provider(state, lab, now);
  const auto first = std::ranges::find_if(waiting, [&](TaskId id) {
    const Task& task = task_of(state, id);
    if (no_agents && needs_agent(task)) return false;
    return worker == nullptr || may_do(*worker, lab, task);
  });
  return first == waiting.end() ? std::nullopt : std::optional(*first);
}

// Whether the worker can do what makes experiments of the lab.
bool can_explore(const Lab& lab, const Worker* worker) {
  return worker == nullptr ||
         ((lab.settings.scales.empty() || worker->scales) && suits(*worker, lab.settings.needs));
}

// What waits on the ladder, the largest scale first.
std::optional<Choice> check_of(const State& state, const Lab& lab, const Standing& standing,
                               Timestamp now, const Worker* worker) {
  const auto& checks = state.index.labs.at(lab.id).checks;
  if (checks.empty() || against_a_lease(lab, standing, now) != Obstacle::none) return std::nullopt;
  if (worker != nullptr && worker->distrust) return std::nullopt;
  for (auto at = checks.rbegin(); at != checks.rend(); ++at) {
    const Needs& needs = needs_at(lab.settings, at->first);
    if (worker != nullptr && (!worker->scales || !suits(*worker, needs))) continue;
    return Choice{.lab = &lab, .needs = &needs, .waiting = *at->second.begin()};
  }
  return std::nullopt;
}

// What the lab has to give, if anything may be leased. What climbs goes first; then the lowest
// number that waits. Without a worker: to one that can do anything.
std::optional<Choice> work_of(const State& state, const Lab& lab, const Standing& standing,
                              Timestamp now, const Worker* worker = nullptr) {
  if (auto check = check_of(state, lab, standing, now, worker)) return check;
  if (!can_explore(lab, worker)) return std::nullopt;
  const Needs* needs = &lab.settings.needs;
  if (const auto first = first_waiting(state, lab, worker, now);
      first && against_a_retry(lab, standing, now) == Obstacle::none) {
    return Choice{.lab = &lab, .needs = needs, .waiting = first};
  }
  if (against_a_new_task(state, lab, standing, now) != Obstacle::none) return std::nullopt;
  if (worker != nullptr && !may_explore(*worker, lab)) return std::nullopt;
  const bool is_preset = lab.settings.agent.kind != AgentKind::command;
  if (worker != nullptr && is_preset && lab.segment.baseline_measured && !worker->presets) {
    return std::nullopt;
  }
  return Choice{.lab = &lab, .needs = needs};
}

// Another worker is left to drain for the lab, and still there.
bool is_reserved_elsewhere(const State& state, const Rules& rules, const Lab& lab,
                           const Needs& needs, const WorkerName& worker, Timestamp now) {
  const auto reserved = state.presence.reserved.find(lab.id);
  if (reserved == state.presence.reserved.end() || reserved->second == worker) return false;
  const Worker& other = state.workers.at(reserved->second);
  return !other.quarantine && suits(other, needs) && !is_silent(state, rules, other.name, now) &&
         !state.presence.workers.at(other.name).leaving;
}

std::string explain(const State& state, const Lab& lab, const Standing& standing, Timestamp now) {
  const StopLimits& limits = lab.settings.stop;
  switch (against_a_new_task(state, lab, standing, now)) {
    case Obstacle::not_running:
      if (lab.status == LabStatus::paused) return "paused";
      return (lab.status == LabStatus::stopping ? "stopping: " : "stopped: ") + lab.stop_reason;
    case Obstacle::time:
      return "its time is over";
    case Obstacle::money:
      return fmt::format("{} of {} are spent or reserved by what runs",
                         money(plus(standing.spent, standing.reserved)), money(limits.max_cost));
    case Obstacle::parallel:
      return fmt::format("{} of {} tasks run (max_parallel)", running_in(standing),
                         lab.settings.max_parallel);
    case Obstacle::baseline:
      return standing.leased > 0 ? "baseline is running" : "baseline waits for a worker";
    case Obstacle::iterations:
      return fmt::format("{} of {} experiments are done or running",
                         standing.iterations + standing.leased + standing.waiting,
                         limits.max_iterations);
    case Obstacle::ladder:
      return "what was promoted is measured before it ends";
    case Obstacle::provider:
      return why_it_waits(lab, now);
    case Obstacle::none:
      break;
  }
  return {};
}

// Of a lab for which nothing but the worker may be wrong.
std::string explain_for(const State& state, const Lab& lab, const Worker& worker, Timestamp now) {
  const Standing standing = standing_of(state, lab);
  const auto for_it = work_of(state, lab, standing, now, &worker);
  const auto for_any = for_it ? for_it : work_of(state, lab, standing, now);
  if (!for_any) return explain(state, lab, standing, now);
  const std::string misfit = why_not(state, worker, *for_any->needs);
  if (!misfit.empty()) return misfit;
  if (!for_it && worker.distrust) {
    return "what this worker measures does not count: " + worker.distrust->why;
  }
  if (!for_it && lab.settings.agent.kind != AgentKind::command && !worker.presets) {
    return "its agent is one of the presets, which this worker's release does not have";
  }
  if (!for_it && !lab.settings.scales.empty() && !worker.scales) {
    return "it has scales, which this worker's release does not know";
  }
  return for_it ? "ready"
                : "what waits is to be measured again, which this worker's release cannot";
}

}  // namespace

Choice choose(const State& state, const Rules& rules, const Worker& worker, Timestamp now) {
  std::vector<Choice> choices;
  std::vector<Contender> contenders;
  for (const auto& [id, lab] : state.labs) {
    if (lab.status != LabStatus::running) continue;
    const Standing standing = standing_of(state, lab);
    auto choice = work_of(state, lab, standing, now, &worker);
    if (!choice) continue;
    choice->reserves = !fits(state, worker, *choice->needs);
    if (choice->reserves &&
        is_reserved_elsewhere(state, rules, lab, *choice->needs, worker.name, now)) {
      continue;
    }
    choices.push_back(*choice);
    contenders.push_back({.lab = &lab, .running = running_in(standing)});
  }
  return choices.empty() ? Choice{} : choices[whose_turn(state.shares, contenders)];
}

// Labs that could still give work are told first.
std::string why_nothing(const State& state, const Worker& worker, Timestamp now) {
  if (state.labs.empty()) return "no lab is open";
  constexpr int kTold = 3;
  std::string told;
  int count = 0;
  for (const bool stopped : {false, true}) {
    for (const auto& [id, lab] : state.labs) {
      if ((lab.status == LabStatus::stopped) != stopped) continue;
      if (++count > kTold) continue;
      if (!told.empty()) told += "; ";
      told += fmt::format("lab {}: {}", lab.settings.name, explain_for(state, lab, worker, now));
    }
  }
  if (count > kTold) told += fmt::format("; and {} more labs", count - kTold);
  return told;
}

std::string why_waiting(const State& state, const Lab& lab, Timestamp now) {
  if (lab.status != LabStatus::running) return {};
  const Standing standing = standing_of(state, lab);
  const auto work = work_of(state, lab, standing, now);
  if (!work) return explain(state, lab, standing, now);
  if (std::string nowhere = why_nowhere(state, *work->needs); !nowhere.empty()) {
    return nowhere;
  }
  const bool has_place = std::ranges::any_of(state.presence.workers, [&](const auto& seen) {
    const Worker& worker = state.workers.at(seen.first);
    const auto holds = state.index.holds.find(worker.name);
    const std::size_t busy = holds == state.index.holds.end() ? 0 : holds->second.size();
    return !seen.second.leaving && !worker.quarantine && busy < worker.slots &&
           fits(state, worker, *work->needs);
  });
  return has_place ? std::string() : "every worker that fits is busy";
}

}  // namespace swarmlab::swarm
