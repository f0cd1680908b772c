#include "coordinator/swarm/merge.h"

#include <iterator>
#include <map>
#include <optional>

#include "common/result.h"

namespace swarmlab::swarm {
namespace {

// A merge of lines that went apart longer ago is hardly better than either, and a keep should not
// cost more the longer a lab runs.
constexpr std::size_t kMostAncestors = 256;

struct Sides {
  bool kept = false;
  bool best = false;
};

// The newest experiment that both come from, by parents and by the other sides of merges; the best
// itself where what is kept comes from it. Numbers grow from parent to child: from the newest down,
// everything that leads to an experiment has been seen before it, and nothing older than the answer
// is looked at.
// \param kept  not in the frontier yet
std::optional<ExperimentNumber> newest_of_both(const Lab& lab, const FrontierEntry& kept,
                                               const FrontierEntry& best) {
  std::map<ExperimentNumber, Sides> left;
  const auto from = [&](const FrontierEntry& entry, Sides sides) {
    for (const auto& number : {entry.parent, entry.merged}) {
      if (!number) continue;
      left[*number].kept |= sides.kept;
      left[*number].best |= sides.best;
    }
  };
  left[best.number].best = true;
  from(kept, {.kept = true});
  for (std::size_t looked = 0; looked < kMostAncestors && !left.empty(); ++looked) {
    const auto newest = std::prev(left.end());
    const auto [number, sides] = *newest;
    if (sides.kept && sides.best) return number;
    left.erase(newest);
    const auto found = lab.frontier.find(number);
    if (found != lab.frontier.end()) from(found->second, sides);
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
  const auto base = newest_of_both(lab, kept, *lab.best);
  if (!base || *base == lab.best->number || !lab.frontier.contains(*base)) return std::nullopt;
  return MergeWish{.ours = ours.number, .theirs = theirs.number, .base = *base};
}

}  // namespace swarmlab::swarm
