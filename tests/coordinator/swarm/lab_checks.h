// What must hold of a lab as it stands, whatever happened before. Each says what is wrong, or null.
#pragma once

#include "coordinator/swarm/expected_gain.h"
#include "coordinator/swarm/front.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

inline bool is_as_good(Direction direction, double score, double other) {
  return direction == Direction::minimize ? score <= other : score >= other;
}

inline const char* wrong_best(const Lab& lab) {
  if (lab.best.has_value() == lab.frontier.empty()) return "I6: best is lost";
  if (!lab.best) return nullptr;
  const auto entry = lab.frontier.find(lab.best->number);
  if (entry == lab.frontier.end() || entry->second != *lab.best) return "I6: best is not kept";
  // Where runs vary, what is best was shown in pairs: the scores are estimates.
  if (lab.settings.metric.confidence != 0.0) return nullptr;
  for (const auto& [number, other] : lab.frontier) {
    if (!is_as_good(lab.settings.metric.direction, lab.best->score, other.score)) {
      return "I6: another is better than best";
    }
  }
  return nullptr;
}

// Every kept candidate is on the frontier of its metrics, or somebody there is better.
inline const char* wrong_front(const Lab& lab, const policy::Front& front) {
  if (!has_several_metrics(lab.settings)) {
    return front.members.empty() ? nullptr : "a frontier of one metric";
  }
  if (front != front_of(lab)) return "I6: the frontier is not what is kept";
  for (const auto& [number, entry] : lab.frontier) {
    const auto point = point_of(lab, entry.score, entry.others);
    if (!point) return "kept without all of its metrics";
    bool is_dominated = false;
    for (const auto& [other, member] : front.members) {
      is_dominated = is_dominated || judge::dominates(member.point, *point);
    }
    if (is_dominated == front.members.contains(number)) return "a frontier that is none";
  }
  return nullptr;
}

inline const char* wrong_limits(const Lab& lab) {
  const StopLimits& limits = lab.settings.stop;
  if (limits.max_cost.value() != 0 && lab.budget.spent >= limits.max_cost) {
    return "the money is spent, but it runs";
  }
  // What climbs is measured before such a lab ends, and a tick later it does.
  if (!lab.rungs.empty() || lab.segment.holdout_hash) return nullptr;
  if (limits.max_iterations != 0 && lab.counters.iterations >= limits.max_iterations) {
    return "all experiments are done, but it runs";
  }
  if (limits.plateau_threshold != 0 && lab.counters.without_keep >= limits.plateau_threshold) {
    return "a plateau, but it runs";
  }
  if (limits.target_score && lab.best &&
      is_as_good(lab.settings.metric.direction, lab.best->level, *limits.target_score)) {
    return "the target is reached, but it runs";
  }
  if (too_little_expected(limits.expected_gain, lab.prospects)) {
    return "too little is expected, but it runs";
  }
  return nullptr;
}

inline const char* wrong_status(const Lab& lab, std::uint64_t leased) {
  switch (lab.status) {
    case LabStatus::stopped:
      return leased == 0 ? nullptr : "stopped, but something runs";
    case LabStatus::stopping:
      return leased > 0 ? nullptr : "stopping, but nothing runs";
    case LabStatus::running:
    case LabStatus::paused:
      break;
  }
  return wrong_limits(lab);
}

}  // namespace swarmlab::swarm
