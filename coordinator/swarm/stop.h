// When a lab has done enough: the limits of [stop], over all its segments.
#pragma once

#include <optional>
#include <string>

#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

// What limits look at: the small facts of a lab, cheap to copy and to reckon forward in a decision.
struct Standing {
  LabStatus status = LabStatus::running;
  std::string stop_reason;
  std::uint64_t iterations = 0;  // decided, without baselines
  std::uint64_t without_keep = 0;
  std::uint64_t waiting = 0;  // open tasks without a lease, of those that make an experiment
  std::uint64_t leased = 0;
  std::uint64_t leased_checks = 0;  // of `leased`: on the ladder or the holdout
  bool climbs = false;              // something is to be measured there: the lab is not done
  std::uint64_t orphaned = 0;       // leased, but of an older segment
  MicroUsd spent;
  MicroUsd reserved;
  Milliseconds active{0};
  std::optional<Timestamp> running_since;
  std::optional<double> best{};
  ExperimentNumber best_number{};
  judge::Prospects prospects{};

  /// Leases of those that make an experiment.
  [[nodiscard]] std::uint64_t exploring() const { return leased - leased_checks; }
};

[[nodiscard]] Standing standing_of(const State& state, const Lab& lab);

[[nodiscard]] Milliseconds running_time(const Standing& standing, Timestamp now);

struct Limit {
  std::string what;    // "50 of 50 experiments are done"
  std::string remedy;  // "raise --max-iterations or [stop] max_iterations"
};

/// The limits on the search: nothing new begins once one of them holds, but what was promoted is
/// measured.
[[nodiscard]] std::optional<Limit> searched_enough(const LabSettings& settings,
                                                   const Standing& standing);

/// The first limit that holds, if any: the lab has nothing more to do.
[[nodiscard]] std::optional<Limit> limit_reached(const LabSettings& settings,
                                                 const Standing& standing, Timestamp now);

/// Whether another lease would overshoot the money, with what current leases have reserved.
[[nodiscard]] bool money_is_taken(const StopLimits& limits, const Standing& standing);

/// The sum of two amounts that are not negative, or the most that there is: a ledger that is full
/// stays full.
[[nodiscard]] MicroUsd plus(MicroUsd a, MicroUsd b);

/// "$1.25"
[[nodiscard]] std::string money(MicroUsd amount);

}  // namespace swarmlab::swarm
