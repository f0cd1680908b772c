// What became of single samples: which of them changed most against the experiment that a change
// was made from.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/model/experiment.h"
#include "common/result.h"
#include "coordinator/server/queries.h"
#include "schemas/view.capnp.h"

namespace swarmlab::server {

inline constexpr std::size_t kMostChangedSamples = 20;

struct ChangedSample {
  std::string id;
  std::optional<double> score;   // none: it has none here, or one that is not finite
  std::optional<double> before;  // likewise, there
  bool operator==(const ChangedSample&) const = default;
};

/// Those whose score is another, the largest change first; a score that is only on one side is the
/// largest change of all. Of samples that have one id the first counts.
[[nodiscard]] std::vector<ChangedSample> changed_samples(const std::vector<SampleScore>& now,
                                                         const std::vector<SampleScore>& before,
                                                         std::size_t most);

/// Against the parent's samples; where there are none, against the best's.
[[nodiscard]] Result<void> write_changed(const Source& source, const swarm::Lab& lab,
                                         const Experiment& experiment,
                                         const std::vector<SampleScore>& samples,
                                         schema::ExperimentDetail::Builder to);

}  // namespace swarmlab::server
