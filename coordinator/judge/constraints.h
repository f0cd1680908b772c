// Constraints: bounds that other metrics must keep. Each is asked of the mean of a candidate's
// runs; one run that breaks it by no more than noise explains does not end a candidate that can
// still be measured again. Pure.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "common/model/experiment.h"
#include "common/model/lab.h"
#include "coordinator/judge/noise.h"

namespace swarmlab::judge {

using LearnedByMetric = std::map<std::string, Learned>;

struct Holding {
  enum class Of : std::uint8_t {
    yes,
    near,     // broken, but by no more than noise explains
    no,       // broken
    unknown,  // a run does not tell the metric
  };
  Of all = Of::yes;
  std::string reason{};  // of all but `yes`: which one, for people
  bool operator==(const Holding&) const = default;
};

/// \param runs  of the candidate; at least one
/// \param confidence  that what is called broken is; 0: the runs as they are decide
[[nodiscard]] Holding holds(const std::vector<Constraint>& constraints,
                            std::span<const Measurement> runs, const LearnedByMetric& learned,
                            double confidence);

}  // namespace swarmlab::judge
