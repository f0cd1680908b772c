// What further experiments of a lab can be expected to bring, so that it can stop when that is too
// little.
//
// The chance that an experiment gives a new best is not known and changes as a search goes on: what
// is easy is found first, and now and then something opens new ground. Each memory is a
// Beta-Bernoulli model of it that forgets exponentially (a discounted likelihood: West and
// Harrison, "Bayesian Forecasting and Dynamic Models", 1997), one faster than the other. They are
// weighted by how well each foretold what came (dynamic model averaging: Raftery, Karny and Ettler,
// Technometrics 2010); a small share of all weight is dealt out anew each time, so that the weights
// can follow a change (fixed share: Herbster and Warmuth, Machine Learning 1998). How large gains
// are, and what an experiment costs, are means that forget as well.
//
// Pure, and as large after a million experiments as after one. It follows from the facts (I6).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace swarmlab::judge {

inline constexpr std::size_t kMemories = 5;

struct Prospects {
  // Of one speed of forgetting.
  struct Memory {
    double successes = 0.0;  // each counts less the older it is
    double failures = 0.0;
    double weight = 1.0 / kMemories;  // the weights of all are 1 together
    bool operator==(const Memory&) const = default;
  };
  std::array<Memory, kMemories> memories{};  // the shortest first
  double gain = 0.0;                         // of new bests, summed, each less the older it is
  double gains = 0.0;                        // how many these are
  double cost_usd = 0.0;                     // of experiments, likewise
  double costs = 0.0;
  bool operator==(const Prospects&) const = default;
};

// An experiment that was decided.
struct Trial {
  bool success = false;  // a new best, by more than noise explains and min_improvement asks for
  double gain = 0.0;     // of a success; in the metric's unit
  double cost_usd = 0.0;
};

void note_trial(Prospects& prospects, const Trial& trial);

/// The chance of a new best within so many experiments, 0 to 1.
[[nodiscard]] double chance_within(const Prospects& prospects, std::uint64_t experiments);

/// In the metric's unit; nothing before there was a gain to go by.
[[nodiscard]] std::optional<double> gain_per_experiment(const Prospects& prospects);

/// Nothing before there was a gain, or where experiments cost nothing.
[[nodiscard]] std::optional<double> gain_per_dollar(const Prospects& prospects);

}  // namespace swarmlab::judge
