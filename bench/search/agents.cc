#include "bench/search/agents.h"

#include <algorithm>
#include <limits>

namespace swarmlab::search {
namespace {

Idea any_of(Idea first, Idea last, Random& random) {
  return std::uniform_int_distribution<Idea>(first, last)(random);
}

}  // namespace

std::optional<Ideas> Agents::change(const Ideas& parent, Random& random) {
  if (std::bernoulli_distribution(model_.crashes)(random)) return std::nullopt;
  tried_.push_back(proposal(parent, random));
  Ideas child = parent;
  for (const Idea idea : tried_.back()) add(child, idea);
  return child;
}

Ideas Agents::proposal(const Ideas& parent, Random& random) {
  const double kind = std::uniform_real_distribution<double>(0.0, 1.0 - model_.crashes)(random);
  if (kind < model_.useful) {
    Ideas ideas = landscape_.useful(parent, random);
    const bool is_new = std::ranges::any_of(ideas, [&](Idea one) { return !has(parent, one); });
    if (is_new) ideas.push_back(any_of(kFirstForm, kFirstUseless - 1, random));
    return ideas;
  }
  if (kind < model_.useful + model_.duplicates && !tried_.empty()) {
    return tried_[std::uniform_int_distribution<std::size_t>(0, tried_.size() - 1)(random)];
  }
  return {any_of(kFirstUseless, std::numeric_limits<Idea>::max(), random)};
}

}  // namespace swarmlab::search
