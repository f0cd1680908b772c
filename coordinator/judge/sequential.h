// A sequential test of paired differences: is the candidate better at all, and is it worth another
// pair to find out.
//
// The error that may be made is spent over the looks (Lan and DeMets, "Discrete sequential
// boundaries for clinical trials", Biometrika 1983; the power family of Kim and DeMets, Biometrika
// 1987, with exponent 2: little early, most at the end). What is spent at a look is used as the
// level of a one-sided t test of its own, so the error of all looks is at most their sum, whatever
// the dependence between them. The scatter of other candidates' pairs is pooled, as group
// sequential tests for many arms do (Jennison and Turnbull, "Group Sequential Methods", 2000,
// chapter 11 for unknown variance). Giving up early needs no correction: it only makes keeps rarer.
// Pure.
#pragma once

#include <cstdint>
#include <span>

#include "coordinator/judge/noise.h"

namespace swarmlab::judge {

struct Plan {
  double confidence = 0.95;  // above 0, below 1: of all null candidates at most the rest is kept
  std::uint32_t pairs = 4;   // at most, 1 or more
  double required = 0.0;     // the least mean gain that counts, 0 or more
};

enum class Look : std::uint8_t {
  better,  // shown, at the level of this look
  open,    // another pair can still show it
  given_up,
};

struct Finding {
  Look look = Look::open;
  double gain = 0.0;   // mean of the pairs
  double error = 0.0;  // its standard error
  double low = 0.0;    // the gain's interval at the level of this look
  double high = 0.0;
  double confidence = 0.0;  // that the gain is above zero
};

/// Looks at all pairs so far. At most `plan.pairs` of them count, of two or more none is decided on
/// the first alone: a single lucky run shows nothing.
/// \pre  gains is not empty, all finite
[[nodiscard]] Finding look(std::span<const double> gains, const Noise& noise, const Plan& plan);

/// What is spent at the look after `pair` pairs; 0: there is no look then.
[[nodiscard]] double level_of_look(const Plan& plan, std::uint32_t pair);

/// The gain that `runs` runs of either side can show with that confidence, if the noise is as
/// known: what a candidate that runs only once has to reach. \pre  the noise is known
[[nodiscard]] double smallest_shown(const Noise& noise, double confidence, std::uint32_t runs);

/// A gain, drawn towards zero by as much as chance can have added to it: what is selected for being
/// high is too high on average (James and Stein, 1961, for one mean).
/// \param error  standard error of the gain
[[nodiscard]] double shrunken(double gain, double error);

}  // namespace swarmlab::judge
