// How much a score varies when nothing changes, and what that means for the lab. Pure.
#pragma once

#include <string>
#include <vector>

#include "common/model/lab.h"

namespace swarmlab::cli {

struct Noise {
  std::size_t runs = 0;
  double mean = 0.0;
  double sd = 0.0;         // of one run (n - 1); 0 for a single one
  double asked = 0.0;      // the lab's min_improvement, as an amount
  double suggested = 0.0;  // below it a difference of two runs says little; 0: the score is exact
};

/// \pre  at least one score; all finite
[[nodiscard]] Noise noise_of(const std::vector<double>& scores, const Improvement& asked);

/// For people: "sd 0.0012 over 3 runs; ..."
[[nodiscard]] std::string explain(const Noise& noise);

}  // namespace swarmlab::cli
