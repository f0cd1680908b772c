// Candidates that the next experiments may start from, and the islands that they live on.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "common/model/object_id.h"
#include "common/strong_id.h"

namespace swarmlab::policy {

struct FrontierEntry {
  ExperimentNumber number;
  double score = 0.0;
  ObjectId commit;
  std::uint64_t visits = 0;  // experiments that started from it, running ones too (virtual loss)
  std::optional<ExperimentNumber> parent{};  // none: a baseline
  double level = 0.0;      // the score by all runs of it, also as the reference of later pairs
  std::uint64_t runs = 1;  // that `level` is the mean of
  std::optional<double> size{};  // where simplicity counts: lines, or the lab's metric
  // Simplifications gave up some of that one's score: how much is measured against it, not against
  // the last one, so that small losses do not add up.
  std::optional<ExperimentNumber> conceded_from{};
  std::optional<ExperimentNumber> undoes{};  // of a simplification: the change that it took out
  std::optional<ExperimentNumber> merged{};  // with its parent: the other side of a merge
  double doubt = 0.0;  // half of the score's interval; 0: it is exact, or nothing is known
  std::vector<double> others{};  // of the further metrics, in the order of the settings
  bool operator==(const FrontierEntry&) const = default;
};

// Of a lab with several metrics: the kept candidates that no other one dominates, and what they win
// (coordinator/swarm/front.h). Derived; empty with one metric.
struct Front {
  struct Member {
    std::vector<double> point{};
    double contribution = 0.0;  // to the hypervolume
    bool operator==(const Member&) const = default;
  };
  std::map<ExperimentNumber, Member> members{};
  double hypervolume = 0.0;
  bool operator==(const Front&) const = default;
};

using Frontier = std::map<ExperimentNumber, FrontierEntry>;

// What is told of an island; who else is on it follows from the numbers (island_of() in islands.h).
struct Island {
  ExperimentNumber founder;  // what it began with, or a better one that migrated to it
  ExperimentNumber since;    // of those dealt to it, only experiments after this one are on it
  bool operator==(const Island&) const = default;
};

using Islands = std::vector<Island>;

}  // namespace swarmlab::policy
