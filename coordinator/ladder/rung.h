// What became of kept candidates beyond the scale that they were found at: on larger scales, and on
// the holdout.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/model/experiment.h"
#include "common/model/lab.h"
#include "coordinator/judge/noise.h"

namespace swarmlab::ladder {

enum class Standing : std::uint8_t {
  proposed,  // a person is to say whether it climbs
  promoted,  // to be measured, once the scale's baseline is
  running,   // it has a task
  measured,
  demoted,  // measured, and this scale says otherwise than the one below: climbs no further
  failed,   // no score came out: climbs no further
  rejected,
};

[[nodiscard]] std::string_view name_of(Standing standing);

// Of one kept candidate to one scale.
struct Climb {
  Standing standing = Standing::promoted;
  std::string reason;                       // for people
  std::string who;                          // let it climb, or rejected it
  std::optional<TaskId> task{};             // the last one that measured it
  std::vector<FencingToken> tokens{};       // whose reports of that task counted
  double score = 0.0;                       // with measurements only
  double doubt = 0.0;                       // half of its interval
  std::vector<Measurement> measurements{};  // of the candidate, at this scale
  std::optional<Evidence> evidence{};       // against the champion of then
  Timestamp at;                             // of the standing
  bool operator==(const Climb&) const = default;

  [[nodiscard]] bool has_score() const { return !measurements.empty(); }
};

// One scale above the first.
struct Rung {
  std::map<ExperimentNumber, Climb> climbs;  // the baseline is one of them
  std::set<ExperimentNumber> promoted;       // those with that standing
  std::optional<ExperimentNumber> champion;  // at first the baseline
  judge::Learned learned;                    // of the noise at this scale
  std::uint64_t begun = 0;                   // measurements of candidates, less the baseline's
  Milliseconds spent{0};                     // measuring, all workers together
  std::string closed;                        // why nothing climbs to it; empty: it is open
  bool operator==(const Rung&) const = default;

  /// Adds a climb, or says what became of it.
  void put(ExperimentNumber number, Climb climb);
};

using Climbs = std::map<ExperimentNumber, Climb>;

}  // namespace swarmlab::ladder
