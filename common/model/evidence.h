// What a verdict on a noisy metric stands on: runs of the candidate and of what it was compared
// with, taken in turns on the same workers.
#pragma once

#include <cstdint>
#include <string>

#include "common/strong_id.h"

namespace swarmlab {

// Gains are improvements in the metric's own unit: above zero is better, whatever its direction.
struct Evidence {
  ExperimentNumber reference;    // that it was compared with
  double reference_score = 0.0;  // its score when the comparison began
  std::uint32_t pairs = 0;       // runs of both that count
  double gain = 0.0;             // the mean over the pairs
  double low = 0.0;              // the interval of the gain, at the level of the last look
  double high = 0.0;
  double confidence = 0.0;  // that it is better at all, 0 to 1
  std::string metric{};     // empty: the primary one
  bool operator==(const Evidence&) const = default;
};

}  // namespace swarmlab
