// Policies: which kept candidate the next experiment starts from, and why.
//
// Pure: what is known comes in, a choice goes out. What is running counts through the visits of an
// entry (virtual loss). Where chance is wanted it comes from the lab's seed and from counters. One
// file a policy. No pick but one of ranked() walks through the frontier: it grows with history.
#pragma once

#include <string>
#include <vector>

#include "common/model/lab.h"
#include "coordinator/policy/candidates.h"
#include "coordinator/policy/frontier.h"

namespace swarmlab::policy {

// What a policy may look at.
struct View {
  const Frontier& frontier;      // of the current segment; holds at least the baseline
  const Candidates& candidates;  // of that frontier
  const Islands& islands;        // empty: the lab has none yet
  const Search& search;
  ExperimentNumber best;      // an entry of the frontier
  ExperimentNumber baseline;  // an entry of the frontier
  ExperimentNumber next;      // the experiment that a parent is picked for
  Direction direction = Direction::minimize;
  const Front* front = nullptr;  // null or empty: the lab has one metric
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
/// \complexity  logarithmic in the frontier; beside it: beam its width, ucb the square root of the
///              number of experiments.
[[nodiscard]] Pick pick_parent(PolicyKind policy, const View& view);

/// All entries, the soonest first. The first is what pick_parent() takes. Sorts: for people.
[[nodiscard]] std::vector<Ranked> ranked(PolicyKind policy, const View& view);

/// What a candidate that is not the best of all has to beat, to be worth keeping because the policy
/// may go on from it: an entry of the frontier, worse than the best. Nothing: only what beats the
/// best is worth keeping.
/// \param experiment  the candidate's; \param parent  its parent
[[nodiscard]] std::optional<ExperimentNumber> reference_beside_best(PolicyKind policy,
                                                                    const View& view,
                                                                    ExperimentNumber experiment,
                                                                    ExperimentNumber parent);

}  // namespace swarmlab::policy
