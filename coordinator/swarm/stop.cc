#include "coordinator/swarm/stop.h"

#include <algorithm>
#include <limits>

#include "common/result.h"
#include "coordinator/swarm/climb.h"
#include "coordinator/swarm/expected_gain.h"

namespace swarmlab::swarm {
namespace {

std::string duration(Milliseconds time) {
  const auto ms = static_cast<double>(time.count());
  if (time >= std::chrono::hours(1)) return fmt::format("{:.3g} h", ms / 3'600'000.0);
  if (time >= std::chrono::minutes(1)) return fmt::format("{:.3g} min", ms / 60'000.0);
  return fmt::format("{:.3g} s", ms / 1'000.0);
}

bool reaches(Direction direction, double score, double target) {
  return direction == Direction::minimize ? score <= target : score >= target;
}

std::optional<Limit> target_reached(const LabSettings& settings, const Standing& standing) {
  const std::optional<double>& target = settings.stop.target_score;
  if (!target || !standing.best) return std::nullopt;
  if (!reaches(settings.metric.direction, *standing.best, *target)) return std::nullopt;
  return Limit{fmt::format("the target score {:.6g} is reached: {:.6g} of #{}", *target,
                           *standing.best, standing.best_number.value()),
               "change --target-score or [stop] target_score"};
}

std::optional<Limit> money_spent(const StopLimits& limits, const Standing& standing) {
  if (limits.max_cost.value() == 0 || standing.spent < limits.max_cost) return std::nullopt;
  return Limit{fmt::format("{} of {} are spent", money(standing.spent), money(limits.max_cost)),
               "raise --max-cost or [stop] max_cost"};
}

std::optional<Limit> time_over(const StopLimits& limits, const Standing& standing, Timestamp now) {
  if (limits.max_time.count() == 0 || running_time(standing, now) < limits.max_time) {
    return std::nullopt;
  }
  return Limit{fmt::format("{} of {} are over", duration(running_time(standing, now)),
                           duration(limits.max_time)),
               "raise --max-hours or [stop] max_hours"};
}

}  // namespace

Standing standing_of(const State& state, const Lab& lab) {
  const auto open = state.index.labs.find(lab.id);
  SWARMLAB_ASSERT(open != state.index.labs.end());  // else rebuild_index() was forgotten
  Standing standing{.status = lab.status,
                    .stop_reason = lab.stop_reason,
                    .iterations = lab.counters.iterations,
                    .without_keep = lab.counters.without_keep,
                    .waiting = open->second.waiting.size(),
                    .leased = open->second.leased.size(),
                    .leased_checks = open->second.leased_checks,
                    .climbs = has_more_to_climb(state, lab),
                    .orphaned = open->second.orphaned.size(),
                    .spent = lab.budget.spent,
                    .reserved = lab.budget.reserved,
                    .active = lab.budget.active,
                    .running_since = lab.budget.running_since,
                    .prospects = lab.prospects};
  if (lab.best) {
    standing.best = lab.best->level;
    standing.best_number = lab.best->number;
  }
  return standing;
}

Milliseconds running_time(const Standing& standing, Timestamp now) {
  if (!standing.running_since) return standing.active;
  return standing.active + std::max(Milliseconds(0), now - *standing.running_since);
}

std::optional<Limit> limit_reached(const LabSettings& settings, const Standing& standing,
                                   Timestamp now) {
  const StopLimits& limits = settings.stop;
  if (!standing.climbs) {
    if (auto limit = searched_enough(settings, standing)) return limit;
  }
  if (auto limit = money_spent(limits, standing)) return limit;
  if (auto limit = time_over(limits, standing, now)) return limit;
  return std::nullopt;
}

std::optional<Limit> searched_enough(const LabSettings& settings, const Standing& standing) {
  const StopLimits& limits = settings.stop;
  if (auto limit = target_reached(settings, standing)) return limit;
  if (limits.max_iterations != 0 && standing.iterations >= limits.max_iterations) {
    return Limit{
        fmt::format("{} of {} experiments are done", standing.iterations, limits.max_iterations),
        "raise --max-iterations or [stop] max_iterations"};
  }
  if (limits.plateau_threshold != 0 && standing.without_keep >= limits.plateau_threshold) {
    return Limit{fmt::format("{} experiments in a row without a new best", standing.without_keep),
                 "raise --plateau-threshold or [stop] plateau_threshold"};
  }
  return too_little_expected(limits.expected_gain, standing.prospects);
}

bool money_is_taken(const StopLimits& limits, const Standing& standing) {
  return limits.max_cost.value() != 0 && plus(standing.spent, standing.reserved) >= limits.max_cost;
}

MicroUsd plus(MicroUsd a, MicroUsd b) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  return MicroUsd(a.value() > kMost - b.value() ? kMost : a.value() + b.value());
}

std::string money(MicroUsd amount) {
  return fmt::format("${:.6g}", static_cast<double>(amount.value()) / 1e6);
}

}  // namespace swarmlab::swarm
