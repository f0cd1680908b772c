#include <algorithm>

#include "common/model/names.h"
#include "common/result.h"
#include "coordinator/policy/policies.h"

namespace swarmlab::policy {

Pick best_of_n_pick(const View& view) {
  const auto baseline = view.frontier.find(view.baseline);
  SWARMLAB_ASSERT(baseline != view.frontier.end());
  return {.parent = view.baseline,
          .because = fmt::format("always the baseline: #{}, {:.6g} ({})", view.baseline.value(),
                                 baseline->second.score, name_of(PolicyKind::best_of_n))};
}

std::vector<Ranked> best_of_n_ranked(const View& view) {
  std::vector<Ranked> all;
  all.reserve(view.frontier.size());
  for (const auto& [number, entry] : view.frontier) {
    all.push_back({.entry = entry, .priority = number == view.baseline ? 1.0 : 0.0});
  }
  std::stable_partition(all.begin(), all.end(),
                        [](const Ranked& one) { return one.priority > 0.0; });
  return all;
}

}  // namespace swarmlab::policy
