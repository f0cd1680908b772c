#include <algorithm>
#include <tuple>

#include "common/model/names.h"
#include "common/result.h"
#include "coordinator/policy/policies.h"

namespace swarmlab::policy {
namespace {

// Scores tie only when they are equal to the last bit: what is nearly equal is the judge's matter.
bool goes_before(const View& view, const FrontierEntry& a, const FrontierEntry& b) {
  const auto rank = [&view](const FrontierEntry& one) {
    const double cost = view.direction == Direction::minimize ? one.score : -one.score;
    return std::tuple(one.number != view.best, cost, one.visits, one.number);
  };
  return rank(a) < rank(b);
}

}  // namespace

Pick greedy_pick(const View& view) {
  const auto best = view.frontier.find(view.best);
  SWARMLAB_ASSERT(best != view.frontier.end());
  return {.parent = view.best,
          .because = fmt::format("best so far: #{}, {:.6g} ({})", view.best.value(),
                                 best->second.score, name_of(PolicyKind::greedy))};
}

std::vector<Ranked> greedy_ranked(const View& view) {
  std::vector<Ranked> all;
  all.reserve(view.frontier.size());
  for (const auto& [number, entry] : view.frontier) all.push_back({.entry = entry});
  std::sort(all.begin(), all.end(), [&view](const Ranked& a, const Ranked& b) {
    return goes_before(view, a.entry, b.entry);
  });
  double priority = static_cast<double>(all.size());
  for (Ranked& one : all) one.priority = priority--;
  return all;
}

}  // namespace swarmlab::policy
