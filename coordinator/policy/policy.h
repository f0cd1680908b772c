// Policies: which kept candidate the next experiment starts from, and why.
//
// Pure: the frontier comes in, a choice goes out. What is running counts through the visits of an
// entry (virtual loss). One file a policy.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/model/lab.h"
#include "coordinator/policy/frontier.h"

namespace swarmlab::policy {

using Frontier = std::map<ExperimentNumber, FrontierEntry>;

// What a policy may look at.
struct View {
  const Frontier& frontier;   // of the current segment; holds at least the baseline
  ExperimentNumber best;      // an entry of the frontier: none has a better score
  ExperimentNumber baseline;  // an entry of the frontier
  Direction direction = Direction::minimize;
};

struct Pick {
  ExperimentNumber parent;
  std::string because;  // for people: "best so far: #12, 2.417 (greedy)"
  bool operator==(const Pick&) const = default;
};

struct Ranked {
  FrontierEntry entry;
  double priority = 0.0;  // higher is sooner; comparable within one ranking only
  bool operator==(const Ranked&) const = default;
};

/// \pre  the frontier holds best and baseline.
/// \complexity  logarithmic in the frontier: it grows with history.
[[nodiscard]] Pick pick_parent(PolicyKind policy, const View& view);

/// All entries, the soonest first. The first is what pick_parent() takes. Sorts: for people.
[[nodiscard]] std::vector<Ranked> ranked(PolicyKind policy, const View& view);

}  // namespace swarmlab::policy
