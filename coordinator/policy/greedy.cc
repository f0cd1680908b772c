#include <algorithm>
#include <tuple>

#include "common/model/names.h"
#include "common/result.h"
#include "coordinator/policy/policies.h"

namespace swarmlab::policy {
namespace {

// Scores tie only when they are equal to the last bit: what is nearly equal is the judge's matter.
bool goes_before(Direction direction, const FrontierEntry& a, const FrontierEntry& b) {
  const double cost_a = direction == Direction::minimize ? a.score : -a.score;
  const double cost_b = direction == Direction::minimize ? b.score : -b.score;
  return std::tie(cost_a, a.visits, a.number) < std::tie(cost_b, b.visits, b.number);
}

}  // namespace

Pick greedy_pick(const View& view) {
  SWARMLAB_ASSERT(!view.frontier.empty());
  const auto& [number, entry] = *std::min_element(
      view.frontier.begin(), view.frontier.end(), [&view](const auto& a, const auto& b) {
        return goes_before(view.direction, a.second, b.second);
      });
  return {.parent = number,
          .because = fmt::format("best so far: #{}, {:.6g} ({})", number.value(), entry.score,
                                 name_of(PolicyKind::greedy))};
}

std::vector<Ranked> greedy_ranked(const View& view) {
  std::vector<Ranked> all;
  all.reserve(view.frontier.size());
  for (const auto& [number, entry] : view.frontier) all.push_back({.entry = entry});
  std::sort(all.begin(), all.end(), [&view](const Ranked& a, const Ranked& b) {
    return goes_before(view.direction, a.entry, b.entry);
  });
  double priority = static_cast<double>(all.size());
  for (Ranked& one : all) one.priority = priority--;
  return all;
}

}  // namespace swarmlab::policy
