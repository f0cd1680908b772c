// Parents of a lab with several metrics: the kept candidates that no other one dominates. Each
// policy orders them in its own way by what they add to the hypervolume:
//
//   greedy  in turn, each as often as its part of the hypervolume says: the most of
//           contribution / (1 + visits), as seats are given out by highest averages (Jefferson,
//           1792)
//   beam    of the `width` that add the most, the one with the fewest visits
//   ucb     contribution, as a part of the largest, + exploration as in ucb.cc
//
// Equal ones: fewer visits first, then the older. Islands are of one metric: they pick as greedy.
#include <algorithm>
#include <cmath>
#include <tuple>

#include "common/model/names.h"
#include "common/result.h"
#include "coordinator/policy/policies.h"

namespace swarmlab::policy {
namespace {

struct Contender {
  ExperimentNumber number;
  double contribution = 0.0;
  std::uint64_t visits = 0;
  double rank = 0.0;  // higher is sooner
};

std::vector<Contender> contenders_of(const View& view) {
  std::vector<Contender> all;
  for (const auto& [number, member] : view.front->members) {
    if (!may_be_picked(view, number)) continue;
    all.push_back({.number = number,
                   .contribution = member.contribution,
                   .visits = view.candidates.node(number).visits});
  }
  if (all.empty()) all.push_back({.number = view.best});
  return all;
}

void keep_the_widest(std::vector<Contender>& all, std::size_t width) {
  if (all.size() <= width) return;
  std::ranges::sort(all, {},
                    [](const Contender& one) { return std::tuple(-one.contribution, one.number); });
  all.resize(width);
}

void rank(PolicyKind policy, const View& view, std::vector<Contender>& all) {
  const double most = std::ranges::max_element(all, {}, &Contender::contribution)->contribution;
  const auto count = static_cast<double>(all.size());
  for (Contender& one : all) {
    const double turns = 1.0 + static_cast<double>(one.visits);
    const double part = most > 0.0 ? one.contribution / most : 1.0;
    if (policy == PolicyKind::beam) {
      one.rank = -turns;
    } else if (policy == PolicyKind::ucb) {
      const double visits = 1.0 + static_cast<double>(view.candidates.visits());
      one.rank = part + view.search.exploration * std::sqrt(visits) / (turns * count);
    } else {
      one.rank = part / turns;
    }
  }
}

// The soonest first.
std::vector<Contender> in_order(PolicyKind policy, const View& view) {
  std::vector<Contender> all = contenders_of(view);
  if (policy == PolicyKind::beam) {
    keep_the_widest(all, std::clamp<std::size_t>(view.search.width, 1, kWidestBeam));
  }
  rank(policy, view, all);
  std::ranges::sort(
      all, {}, [](const Contender& one) { return std::tuple(-one.rank, one.visits, one.number); });
  return all;
}

}  // namespace

bool has_front(const View& view) {
  return view.front != nullptr && !view.front->members.empty();
}

Pick front_pick(PolicyKind policy, const View& view) {
  const std::vector<Contender> all = in_order(policy, view);
  const Contender& first = all.front();
  return {.parent = first.number,
          .because = fmt::format("{}: #{} of {} that no other dominates, {:.3g} of the hypervolume "
                                 "is its own, {} visits",
                                 name_of(policy), first.number.value(), view.front->members.size(),
                                 first.contribution, first.visits)};
}

std::vector<Ranked> front_ranked(PolicyKind policy, const View& view) {
  std::vector<ExperimentNumber> first;
  for (const Contender& one : in_order(policy, view)) first.push_back(one.number);
  return ranked_after(view, first);
}

}  // namespace swarmlab::policy
