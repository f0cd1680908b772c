#include "coordinator/swarm/backoff.h"

#include <algorithm>

#include "common/model/names.h"
#include "common/result.h"
#include "coordinator/swarm/evolve_parts.h"
#include "coordinator/swarm/find.h"

namespace swarmlab::swarm {
namespace {

// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): the same for the same lab and failure.
std::uint64_t mixed(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

// Twice as long each time, and somewhere in the upper half of it, so that the labs of a swarm do
// not all come back at once.
Milliseconds wait_after(const Rules& rules, const Lab& lab, std::uint32_t failures,
                        Milliseconds asked_for) {
  Milliseconds most = rules.first_backoff;
  for (std::uint32_t i = 1; i < failures && most < rules.most_backoff; ++i) most *= 2;
  most = std::min(most, rules.most_backoff);
  const std::uint64_t half = static_cast<std::uint64_t>(most.count()) / 2;
  const std::uint64_t seed = mixed(lab.settings.search.seed ^ mixed(lab.id.value())) ^ failures;
  const auto wait = Milliseconds(static_cast<std::int64_t>(half + mixed(seed) % (half + 1)));
  return std::max(wait, std::min(asked_for, rules.most_retry_after));
}

// Many attempts that were under way when it began are one failure.
Backoff after_failure(const Rules& rules, const Lab& lab, const Task& task, const AgentRun& run,
                      Timestamp now) {
  const std::optional<Backoff>& before = lab.backoff;
  Backoff backoff{.why = run.end,
                  .said = run.said,
                  .failures = before ? before->failures : 1,
                  .since = before ? before->since : now,
                  .until = before ? before->until : now,
                  .worker = task.lease->worker};
  const bool is_a_new_try = before && task.lease->granted_at >= before->until;
  if (is_a_new_try) backoff.failures = before->failures + 1;
  if (is_a_new_try || !before) {
    backoff.until = now + wait_after(rules, lab, backoff.failures, run.retry_after);
  } else {
    backoff.until =
        std::max(backoff.until, now + std::min(run.retry_after, rules.most_retry_after));
  }
  return backoff;
}

}  // namespace

void apply(State& state, const ProviderFailed& fact) {
  lab_in(state, fact.lab).backoff = fact.backoff;
}

void apply(State& state, const ProviderAnswered& fact) {
  lab_in(state, fact.lab).backoff.reset();
}

bool needs_agent(const Task& task) {
  return !task.pending && !task.candidate && makes_experiment(task.kind) &&
         task.kind != TaskKind::baseline && task.kind != TaskKind::simplify;
}

bool waits_for_provider(const State& state, const Lab& lab, Timestamp now) {
  if (!lab.backoff) return false;
  if (now < lab.backoff->until) return true;
  const std::set<TaskId>& leased = state.index.labs.at(lab.id).leased;
  return std::ranges::any_of(leased, [&](TaskId id) {
    const Task& task = state.tasks.at(id);
    return needs_agent(task) && task.lease->granted_at >= lab.backoff->until;
  });
}

std::string why_it_waits(const Lab& lab, Timestamp now) {
  if (!lab.backoff) return {};
  const Backoff& backoff = *lab.backoff;
  const auto left = std::chrono::ceil<std::chrono::seconds>(backoff.until - now).count();
  return fmt::format("the agents' provider is {}{}{}{}: {}", name_of(backoff.why),
                     backoff.said.empty() ? "" : " (", backoff.said,
                     backoff.said.empty() ? "" : ")",
                     left > 0 ? fmt::format("tried again in {} s", left)
                              : std::string("one agent tries it again"));
}

void note_provider(Draft& draft, const Rules& rules, const Lab& lab, const Task& task,
                   const Report& report, Timestamp now) {
  if (!report.agent || !needs_agent(task)) return;
  const AgentRun& run = *report.agent;
  const bool is_given_back = report.outcome == Outcome::returned;
  if (is_given_back && needs_a_person(run.end)) {
    const LabStatus status = draft.standing(lab.id).status;
    if (status != LabStatus::running && status != LabStatus::paused) return;
    return draft.stop(lab.id,
                      fmt::format("{}{}: {}: {}", kStoppedByProvider, task.lease->worker.value(),
                                  name_of(run.end), run.said),
                      kCoordinator);
  }
  if (is_given_back && passes_by_itself(run.end)) {
    Backoff backoff = after_failure(rules, lab, task, run, now);
    if (lab.backoff != backoff) {
      draft.add(ProviderFailed{.lab = lab.id, .backoff = std::move(backoff)});
    }
    return;
  }
  // One that began before it failed says nothing of how it is now.
  const bool tried_again = lab.backoff && task.lease->granted_at >= lab.backoff->until;
  if (tried_again && !is_given_back) {
    draft.add(ProviderAnswered{.lab = lab.id, .who = {}, .at = now});
  }
}

}  // namespace swarmlab::swarm
