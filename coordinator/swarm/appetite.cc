#include "coordinator/swarm/appetite.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "common/model/names.h"
#include "common/result.h"
#include "coordinator/swarm/backoff.h"
#include "coordinator/swarm/expected_cost.h"
#include "coordinator/swarm/find.h"
#include "coordinator/swarm/stop.h"

namespace swarmlab::swarm {
namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kMostOfALab = 10'000;

// A number that may be, and what says so. The smallest of several counts.
struct Bound {
  std::uint64_t most = kNoLimit;
  std::string why;
};

void lower(Bound& bound, Bound other) {
  if (other.most < bound.most) bound = std::move(other);
}

std::uint64_t rest(std::uint64_t most, std::uint64_t taken) {
  return most > taken ? most - taken : 0;
}

// On anything that is leased.
Bound on_leases(const Lab& lab, const Standing& standing, Timestamp now) {
  const StopLimits& limits = lab.settings.stop;
  if (lab.status != LabStatus::running) {
    return {0, std::string(lab.status == LabStatus::paused ? "paused" : "stopping: ") +
                   (lab.status == LabStatus::paused ? "" : lab.stop_reason)};
  }
  if (limits.max_time.count() != 0 && running_time(standing, now) >= limits.max_time) {
    return {0, "its time is over"};
  }
  if (money_is_taken(limits, standing)) {
    return {0, fmt::format("{} of {} are spent or reserved by what runs",
                           money(plus(standing.spent, standing.reserved)), money(limits.max_cost))};
  }
  const std::uint64_t most = lab.settings.max_parallel;
  if (most == 0) return {};
  const std::uint64_t running = standing.leased + standing.orphaned;
  return {rest(most, running), fmt::format("max_parallel = {}, of which {} run", most, running)};
}

// What costs money is bounded by what is left of it.
Bound on_agents_by_money(const Lab& lab, const Standing& standing) {
  const MicroUsd limit = lab.settings.stop.max_cost;
  const MicroUsd each = expected_cost(lab);
  if (limit.value() == 0 || each.value() <= 0) return {};
  const std::int64_t left =
      std::max<std::int64_t>(0, limit.value() - plus(standing.spent, standing.reserved).value());
  const std::int64_t many = left / each.value() + (left % each.value() != 0 ? 1 : 0);
  return {static_cast<std::uint64_t>(many),
          fmt::format("{} of {} are left, and one costs about {}", money(MicroUsd(left)),
                      money(limit), money(each))};
}

std::uint64_t count_agents(const State& state, const std::set<TaskId>& tasks) {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(tasks, [&](TaskId id) { return needs_agent(task_of(state, id)); }));
}

// A short failure is waited for. When it lasts, one agent is enough to try.
Bound on_agents_by_provider(const State& state, const Lab& lab, Timestamp now) {
  if (!lab.backoff || now - lab.backoff->since < kPatienceWithProvider) return {};
  const std::uint64_t run = count_agents(state, state.index.labs.at(lab.id).leased);
  return {rest(1, run), why_it_waits(lab, now) + ": one agent at a time"};
}

// The candidates that the policy goes on from; kNoLimit: experiments do not build on each other.
std::uint64_t parents_of(const State& state, const Lab& lab) {
  const std::uint64_t kept = std::max<std::uint64_t>(1, lab.frontier.size());
  const Search& search = lab.settings.search;
  switch (lab.settings.policy) {
    case PolicyKind::greedy:
      return std::max<std::uint64_t>(1, state.index.labs.at(lab.id).front.members.size());
    case PolicyKind::best_of_n:
      return kNoLimit;
    case PolicyKind::beam:
      return std::min<std::uint64_t>(kept, search.width);
    case PolicyKind::ucb:
      return kept;
    case PolicyKind::islands:
      return std::min<std::uint64_t>(kept, search.islands);
  }
  return 1;
}

// On the search: how many of it help at once. A person's max_parallel goes before our guess.
Bound on_search(const State& state, const Lab& lab) {
  if (lab.settings.max_parallel != 0) return {};
  const std::uint64_t parents = parents_of(state, lab);
  const std::string policy = std::string(name_of(lab.settings.policy));
  if (parents == kNoLimit) {
    return {kMostOfALab, policy + " needs no result of one for the next"};
  }
  const std::uint64_t most = std::min(kMostOfALab, kAtOnceFromEach * parents);
  return {most, fmt::format("{} goes on from {} kept candidate{}, {} at once from each", policy,
                            parents, parents == 1 ? "" : "s", kAtOnceFromEach)};
}

// New ones, beside what runs and waits.
Bound on_new(const State& state, const Lab& lab, const Standing& standing) {
  const std::uint64_t open = standing.exploring() + standing.waiting;
  if (!lab.segment.baseline_measured) {
    return {open > 0 ? 0U : 1U,
            open > 0 ? "the baseline is measured first" : "the baseline comes first"};
  }
  if (searched_enough(lab.settings, standing)) {
    return {0, "what was promoted is measured before it ends"};
  }
  Bound bound = on_search(state, lab);
  if (bound.most == kNoLimit) return bound;
  bound.most = rest(bound.most, open);
  if (open > 0) bound.why += fmt::format("; {} run or wait", open);
  return bound;
}

Bound on_experiments(const Lab& lab, const Standing& standing) {
  const std::uint64_t most = lab.settings.stop.max_iterations;
  if (most == 0 || !lab.segment.baseline_measured) return {};
  const std::uint64_t left = rest(most, standing.iterations + standing.exploring());
  return {left, fmt::format("{} of {} experiments are left", left, most)};
}

Appetite of_search(const State& state, const Lab& lab, const Standing& standing, Bound leases,
                   Timestamp now) {
  const std::set<TaskId>& waiting = state.index.labs.at(lab.id).waiting;
  const std::uint64_t agents_wait =
      lab.segment.baseline_measured ? count_agents(state, waiting) : 0;
  const std::uint64_t others_wait = waiting.size() - agents_wait;
  Bound fresh = on_new(state, lab, standing);
  // Of agents: what waits for one, and what is new.
  Bound agents{fresh.most > kNoLimit - agents_wait ? kNoLimit : fresh.most + agents_wait,
               std::move(fresh.why)};
  if (lab.segment.baseline_measured) {
    lower(agents, on_agents_by_money(lab, standing));
    lower(agents, on_agents_by_provider(state, lab, now));
  }
  Bound all{agents.most > kNoLimit - others_wait ? kNoLimit : agents.most + others_wait,
            std::move(agents.why)};
  if (others_wait > 0) all.why = fmt::format("{} wait to be measured; {}", others_wait, all.why);
  // What holds up everything is told before what holds up the search.
  lower(leases, on_experiments(lab, standing));
  lower(leases, std::move(all));
  lower(leases,
        {.most = kMostOfALab, .why = fmt::format("{} is as many as are asked for", kMostOfALab)});
  return {.scale = 0, .tasks = leases.most, .why = std::move(leases.why)};
}

}  // namespace

std::vector<Appetite> appetite_of(const State& state, const Lab& lab, Timestamp now) {
  std::vector<Appetite> all;
  if (lab.status == LabStatus::stopped) return all;
  const Standing standing = standing_of(state, lab);
  Bound leases = on_leases(lab, standing, now);
  const auto& checks = state.index.labs.at(lab.id).checks;
  for (auto at = checks.rbegin(); at != checks.rend(); ++at) {
    const std::uint64_t waiting = at->second.size();
    Appetite one{.scale = at->first, .tasks = std::min(leases.most, waiting), .why = {}};
    one.why = one.tasks < waiting ? leases.why : fmt::format("{} wait to be measured", waiting);
    if (leases.most != kNoLimit) leases.most -= one.tasks;
    all.push_back(std::move(one));
  }
  all.push_back(of_search(state, lab, standing, std::move(leases), now));
  return all;
}

}  // namespace swarmlab::swarm
