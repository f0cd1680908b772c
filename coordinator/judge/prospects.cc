#include "coordinator/judge/prospects.h"

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>

namespace swarmlab::judge {
namespace {

// What is left of an experiment's part in a memory with each that follows: it holds about the last
// 1 / (1 - kept) of them.
constexpr std::array<double, kMemories> kKept{1.0 - 1.0 / 30.0, 1.0 - 1.0 / 100.0,
                                              1.0 - 1.0 / 300.0, 1.0 - 1.0 / 1000.0, 1.0};
constexpr double kDealtAnew = 0.0005;  // of all weight, with each experiment

// Before anything is known: as if a quarter of a success and ten times as many failures had been
// seen. These numbers foretold best what came in the simulator (docs/search.md).
constexpr double kPriorSuccesses = 0.25;
constexpr double kPriorFailures = 2.5;

// Of gains: means of about the last ten of them; of costs, of the last hundred experiments.
constexpr double kKeptGains = 0.9;
constexpr double kKeptCosts = 0.99;

double chance_of(const Prospects::Memory& memory) {
  const double successes = kPriorSuccesses + memory.successes;
  return successes / (successes + kPriorFailures + memory.failures);
}

// That none of so many is a success: beta-binomial.
double chance_of_none(const Prospects::Memory& memory, double experiments) {
  using boost::math::lgamma;
  const double a = kPriorSuccesses + memory.successes;
  const double b = kPriorFailures + memory.failures;
  const double none =
      lgamma(b + experiments) - lgamma(b) + lgamma(a + b) - lgamma(a + b + experiments);
  return std::exp(std::min(none, 0.0));
}

// By how well each memory foretold what came.
void weigh(std::array<Prospects::Memory, kMemories>& memories, bool success) {
  double sum = 0.0;
  for (Prospects::Memory& memory : memories) {
    const double chance = chance_of(memory);
    memory.weight *= success ? chance : 1.0 - chance;
    sum += memory.weight;
  }
  for (Prospects::Memory& memory : memories) {
    memory.weight = (1.0 - kDealtAnew) * memory.weight / sum + kDealtAnew / kMemories;
  }
}

double chance_of_next(const Prospects& prospects) {
  double chance = 0.0;
  for (const Prospects::Memory& memory : prospects.memories) {
    chance += memory.weight * chance_of(memory);
  }
  return chance;
}

}  // namespace

void note_trial(Prospects& prospects, const Trial& trial) {
  weigh(prospects.memories, trial.success);
  for (std::size_t i = 0; i < kMemories; ++i) {
    Prospects::Memory& memory = prospects.memories.at(i);
    memory.successes = kKept.at(i) * memory.successes + (trial.success ? 1.0 : 0.0);
    memory.failures = kKept.at(i) * memory.failures + (trial.success ? 0.0 : 1.0);
  }
  if (trial.success) {
    prospects.gain = kKeptGains * prospects.gain + trial.gain;
    prospects.gains = kKeptGains * prospects.gains + 1.0;
  }
  prospects.cost_usd = kKeptCosts * prospects.cost_usd + trial.cost_usd;
  prospects.costs = kKeptCosts * prospects.costs + 1.0;
}

double chance_within(const Prospects& prospects, std::uint64_t experiments) {
  double none = 0.0;
  for (const Prospects::Memory& memory : prospects.memories) {
    none += memory.weight * chance_of_none(memory, static_cast<double>(experiments));
  }
  return std::clamp(1.0 - none, 0.0, 1.0);
}

std::optional<double> gain_per_experiment(const Prospects& prospects) {
  if (prospects.gains == 0.0) return std::nullopt;
  return chance_of_next(prospects) * prospects.gain / prospects.gains;
}

std::optional<double> gain_per_dollar(const Prospects& prospects) {
  const auto gain = gain_per_experiment(prospects);
  if (!gain || !(prospects.cost_usd > 0.0)) return std::nullopt;
  return *gain / (prospects.cost_usd / prospects.costs);
}

}  // namespace swarmlab::judge
