// A lab whose large scale is expensive, in virtual time: the real core decides, agents and
// evaluators are made up. Each idea's effect at the large scale is related to that at the small one
// by a given correlation.
#pragma once

#include <cstdint>

namespace swarmlab::search {

struct ClimbingSetup {
  bool has_ladder = true;  // else all is evaluated at the large scale
  double fraction = 0.25;  // of the kept ones that climb
  double correlation = 0.9;
  double noise = 0.5;  // standard deviation of a run at either scale; a typical improvement is 1
  std::uint32_t workers = 8;
  std::uint64_t experiments = 400;
  double large_hours = 0.0;  // of evaluation at the large scale: then it is over; 0: no limit
};

struct Climbed {
  double champion = 0.0;   // what the champion is worth at the large scale, truly
  double reachable = 0.0;  // the most that there is
  double experiments = 0.0;
  double large_runs = 0.0;   // of the evaluator, at the large scale
  double large_hours = 0.0;  // that they took, all workers together
  double hours = 0.0;        // of virtual time
  double told = 0.0;         // the rank correlation that `swarmlab ladder` tells; 0 if it cannot
  double warned = 0.0;       // 1: it warns that the small scale does not predict the large one
};

/// \param seed  of the landscape; \param luck  of agents, noise and times
[[nodiscard]] Climbed simulate_climbing(const ClimbingSetup& setup, std::uint64_t seed,
                                        std::uint64_t luck);

}  // namespace swarmlab::search
