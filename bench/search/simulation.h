// One lab and its workers in virtual time: the core decides as it does in a coordinator, and only
// agents, evaluators and the clock are made up.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/search/agents.h"
#include "bench/search/landscape.h"
#include "common/model/lab.h"

namespace swarmlab::search {

struct Setup {
  Terrain terrain = Terrain::additive;
  PolicyKind policy = PolicyKind::greedy;
  Search search{};
  double confidence = 0.95;
  double noise = 0.5;  // standard deviation of a run; a typical improvement is 1
  std::uint32_t workers = 8;
  std::uint64_t budget = 2000;  // experiments
  double target = 0.8;          // of what is reachable: then it is over
  AgentModel agent{};
};

// After an experiment was decided.
struct Forecast {
  double chance = 0.0;   // of a new best within kHorizon experiments, as the lab reckoned it then
  bool success = false;  // this experiment was one
  double gain = 0.0;     // of what is reachable
};

struct Found {
  bool reached = false;
  std::uint64_t experiments = 0;  // decided
  std::uint64_t agent_runs = 0;   // begun
  std::uint64_t merges = 0;       // likewise
  std::uint64_t evaluator_runs = 0;
  double hours = 0.0;        // of virtual time
  double early_gain = 0.0;   // of what is reachable, after kEarly experiments
  double overstated = 0.0;   // the best's score over what it is worth, in the end
  std::uint64_t better = 0;  // of those that were measured: truly better than their reference
  std::uint64_t missed = 0;  // of these
  std::uint64_t large = 0;   // better by kLarge or more
  std::uint64_t missed_large = 0;
  std::uint64_t no_better = 0;
  std::uint64_t false_keeps = 0;  // of these
  std::uint64_t keeps = 0;        // of all
  // Where simplicity counts.
  std::uint64_t lines = 0;             // of the best, in the end
  double gain = 0.0;                   // of what is reachable, in the end
  double given_up = 0.0;               // by the last best: of what the truly best best was worth
  std::uint64_t simplifications = 0;   // decided
  std::uint64_t simplified = 0;        // of these, kept
  std::uint64_t conceded = 0;          // kept for being smaller
  std::uint64_t too_bad = 0;           // smaller, and truly as much worse as is not allowed
  std::uint64_t wrongly_conceded = 0;  // of these
  std::vector<double> decided_at;      // hours, of each experiment
  std::vector<Forecast> forecasts;     // likewise
};

inline constexpr std::uint64_t kEarly = 200;
inline constexpr std::uint64_t kHorizon = 20;
inline constexpr double kLarge = 1.0;

/// Ends the process if the core refuses a right report, or gives nobody anything to do: then it is
/// the core that is wrong.
/// \param seed  of the landscape; \param luck  of agents, noise and times
[[nodiscard]] Found simulate(const Setup& setup, std::uint64_t seed, std::uint64_t luck);

}  // namespace swarmlab::search
