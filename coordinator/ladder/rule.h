// What a measurement at a scale is worth: whether the candidate becomes the champion there, stands
// beside it, or is sent back because the scale says otherwise than the one below. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/model/experiment.h"
#include "common/model/lab.h"
#include "coordinator/judge/noise.h"
#include "coordinator/ladder/rung.h"

namespace swarmlab::ladder {

// The champion of the scale, whom a candidate is compared with.
struct Champion {
  ExperimentNumber number;
  double score = 0.0;  // at this scale
  // Of candidate and champion at the scale below; none: one of them was not measured there.
  struct Below {
    double candidate = 0.0;
    double champion = 0.0;
  };
  std::optional<Below> below{};
};

struct Input {
  const Metric& metric;
  const std::vector<Constraint>& constraints;
  const Measurement& first;            // of the candidate, at this scale
  std::span<const judge::Pair> pairs;  // fresh runs of both, with this champion
  const judge::Learned& learned;       // at this scale
  Champion champion;
};

struct Ruling {
  std::optional<Standing> standing{};  // none: it runs once more beside the champion
  bool becomes_champion = false;
  double score = 0.0;
  double doubt = 0.0;  // half of its interval
  std::string reason{};
  std::optional<Evidence> evidence{};
};

/// A champion changes only after runs that were made to confirm it: however good the first one
/// looks, and however exact the metric is, at least one fresh pair must say the same.
[[nodiscard]] Ruling rule_on(const Input& input);

/// Half of the interval of a mean of `runs` runs, as far as the noise is known; else 0.
[[nodiscard]] double doubt_of_mean(const Metric& metric, const judge::Learned& learned,
                                   std::size_t runs);

}  // namespace swarmlab::ladder
