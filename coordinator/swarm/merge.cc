#include "coordinator/swarm/merge.h"

#include <set>
#include <vector>

#include "common/result.h"

namespace swarmlab::swarm {
namespace {

// An experiment, all that it comes from, and the other sides of merges on the way.
std::set<ExperimentNumber> ancestry(const Lab& lab, const FrontierEntry& entry) {
  std::set<ExperimentNumber> seen = {entry.number};
  std::vector<const FrontierEntry*> left = {&entry};
  const auto add = [&](const std::optional<ExperimentNumber>& number) {
    if (!number || !seen.insert(*number).second) return;
    const auto found = lab.frontier.find(*number);
    if (found != lab.frontier.end()) left.push_back(&found->second);
  };
  while (!left.empty()) {
    const FrontierEntry* one = left.back();
    left.pop_back();
    add(one->parent);
    add(one->merged);
  }
  return seen;
}

std::optional<ExperimentNumber> newest_of_both(const std::set<ExperimentNumber>& one,
                                               const std::set<ExperimentNumber>& other) {
  for (auto it = one.rbegin(); it != one.rend(); ++it) {
    if (other.contains(*it)) return *it;
  }
  return std::nullopt;
}

}  // namespace

bool keeps_for_merging(const Lab& lab) {
  return lab.settings.search.merge && lab.settings.policy != PolicyKind::best_of_n;
}

std::optional<MergeWish> merge_wish(const Lab& lab, const FrontierEntry& kept, bool becomes_best) {
  SWARMLAB_ASSERT(lab.best.has_value());
  if (!keeps_for_merging(lab)) return std::nullopt;
  const FrontierEntry& ours = becomes_best ? kept : *lab.best;
  const FrontierEntry& theirs = becomes_best ? *lab.best : kept;
  const std::set<ExperimentNumber> our_ancestry = ancestry(lab, ours);
  const std::set<ExperimentNumber> their_ancestry = ancestry(lab, theirs);
  if (our_ancestry.contains(theirs.number) || their_ancestry.contains(ours.number)) {
    return std::nullopt;
  }
  const auto base = newest_of_both(our_ancestry, their_ancestry);
  if (!base || !lab.frontier.contains(*base)) return std::nullopt;
  return MergeWish{.ours = ours.number, .theirs = theirs.number, .base = *base};
}

}  // namespace swarmlab::swarm
