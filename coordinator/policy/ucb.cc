// A rule like that of PUCT (Rosin 2011; Silver et al. 2017), over all kept candidates at once: a
// tree of improvements is deep and narrow, and any of it may be gone on from.
//
//   value + exploration * sqrt(1 + all visits) / ((1 + visits) * candidates)
//
// A candidate's value is its score, plus half of what its best child gained on it (so a quarter of
// what a grandchild did, and so on), from 0 for the worst kept to 1 for the best. Visits count from
// the lease on: what runs makes its parent less attractive to other workers.
#include <algorithm>
#include <cmath>
#include <tuple>

#include "common/result.h"
#include "coordinator/policy/policies.h"

namespace swarmlab::policy {
namespace {

struct Appraisal {
  double value = 0.0;
  double exploration = 0.0;
  [[nodiscard]] double sum() const { return value + exploration; }
};

Appraisal appraise(const View& view, double worth, std::uint64_t visits) {
  const Candidates& all = view.candidates;
  const double share = std::sqrt(1.0 + static_cast<double>(all.visits())) /
                       (1.0 + static_cast<double>(visits)) / static_cast<double>(all.kept());
  return {.value = all.value(worth), .exploration = view.search.exploration * share};
}

Appraisal appraise(const View& view, ExperimentNumber number) {
  const Candidates::Node& node = view.candidates.node(number);
  return appraise(view, node.worth, node.visits);
}

}  // namespace

// Of those with the same number of visits only the one of most value can be it. n visits of all
// make at most sqrt(2 n) different numbers.
Pick ucb_pick(const View& view) {
  ExperimentNumber parent = view.best;
  Appraisal most = appraise(view, view.best);
  for (const auto& [visits, group] : view.candidates.by_visits()) {
    const auto& [worth, number] = *group.begin();
    const Appraisal one = appraise(view, worth, visits);
    if (one.sum() <= most.sum()) continue;
    parent = number;
    most = one;
  }
  return {.parent = parent,
          .because = fmt::format("ucb: #{}, value {:.2f} + exploration {:.2f}, {} of {} visits",
                                 parent.value(), most.value, most.exploration,
                                 view.candidates.node(parent).visits, view.candidates.visits())};
}

std::vector<Ranked> ucb_ranked(const View& view) {
  const ExperimentNumber first = ucb_pick(view).parent;
  std::vector<Ranked> all;
  all.reserve(view.frontier.size());
  for (const auto& [number, entry] : view.frontier) {
    const double priority = may_be_picked(view, number) ? appraise(view, number).sum() : 0.0;
    all.push_back({.entry = entry, .priority = priority});
  }
  std::ranges::sort(all, {}, [first](const Ranked& one) {
    return std::tuple(-one.priority, one.entry.number != first, one.entry.number);
  });
  return all;
}

}  // namespace swarmlab::policy
