#include "coordinator/policy/policy.h"

#include <algorithm>
#include <set>

#include "common/result.h"
#include "coordinator/policy/islands.h"
#include "coordinator/policy/policies.h"

namespace swarmlab::policy {
namespace {

std::optional<ExperimentNumber> reference_of(PolicyKind policy, const View& view,
                                             ExperimentNumber experiment, ExperimentNumber parent) {
  switch (policy) {
    case PolicyKind::greedy:
    case PolicyKind::best_of_n:
      return std::nullopt;
    case PolicyKind::beam:
      return beam_reference(view, parent);
    case PolicyKind::ucb:
      return parent;
    case PolicyKind::islands:
      if (view.islands.empty()) return std::nullopt;
      return champion(view, island_of(view.search, experiment) % view.islands.size());
  }
  SWARMLAB_ASSERT(!"a policy without a file");
  return std::nullopt;
}

}  // namespace

Pick pick_parent(PolicyKind policy, const View& view) {
  if (has_front(view) && policy != PolicyKind::best_of_n) return front_pick(policy, view);
  switch (policy) {
    case PolicyKind::greedy:
      return greedy_pick(view);
    case PolicyKind::best_of_n:
      return best_of_n_pick(view);
    case PolicyKind::beam:
      return beam_pick(view);
    case PolicyKind::ucb:
      return ucb_pick(view);
    case PolicyKind::islands:
      return islands_pick(view);
  }
  SWARMLAB_ASSERT(!"a policy without a file");
  return {};
}

std::vector<Ranked> ranked(PolicyKind policy, const View& view) {
  if (has_front(view) && policy != PolicyKind::best_of_n) return front_ranked(policy, view);
  switch (policy) {
    case PolicyKind::greedy:
      return greedy_ranked(view);
    case PolicyKind::best_of_n:
      return best_of_n_ranked(view);
    case PolicyKind::beam:
      return beam_ranked(view);
    case PolicyKind::ucb:
      return ucb_ranked(view);
    case PolicyKind::islands:
      return islands_ranked(view);
  }
  SWARMLAB_ASSERT(!"a policy without a file");
  return {};
}

std::optional<ExperimentNumber> reference_beside_best(PolicyKind policy, const View& view,
                                                      ExperimentNumber experiment,
                                                      ExperimentNumber parent) {
  if (!view.candidates.has(parent)) return std::nullopt;
  const auto reference = reference_of(policy, view, experiment, parent);
  if (!reference) return std::nullopt;
  const bool is_worse =
      view.candidates.node(view.best).cost < view.candidates.node(*reference).cost;
  return is_worse ? reference : std::nullopt;
}

bool may_be_picked(const View& view, ExperimentNumber number) {
  return number == view.best || !view.candidates.is_too_old(number);
}

std::vector<Ranked> ranked_after(const View& view, const std::vector<ExperimentNumber>& first) {
  std::vector<Ranked> all;
  all.reserve(view.frontier.size());
  std::set<ExperimentNumber> named;
  for (const ExperimentNumber one : first) {
    if (named.insert(one).second) all.push_back({.entry = view.frontier.at(one)});
  }
  for (Ranked& one : greedy_ranked(view)) {
    if (!named.contains(one.entry.number)) all.push_back(std::move(one));
  }
  double priority = static_cast<double>(all.size());
  for (Ranked& one : all) one.priority = priority--;
  return all;
}

}  // namespace swarmlab::policy
