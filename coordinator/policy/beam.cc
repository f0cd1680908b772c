#include <algorithm>

#include "common/result.h"
#include "coordinator/policy/policies.h"

namespace swarmlab::policy {
namespace {

// The best `width` that may be picked, the best first. Never empty.
std::vector<ExperimentNumber> beam_of(const View& view) {
  const std::size_t width = std::clamp<std::size_t>(view.search.width, 1, kWidestBeam);
  std::vector<ExperimentNumber> beam;
  if (view.candidates.is_too_old(view.best)) beam.push_back(view.best);
  for (const auto& [cost, number] : view.candidates.by_cost()) {
    if (beam.size() == width) break;
    beam.push_back(number);
  }
  return beam;
}

}  // namespace

Pick beam_pick(const View& view) {
  const std::vector<ExperimentNumber> beam = beam_of(view);
  const auto visits = [&view](ExperimentNumber one) { return view.candidates.node(one).visits; };
  const auto picked = std::ranges::min_element(beam, {}, visits);
  SWARMLAB_ASSERT(picked != beam.end());
  return {.parent = *picked,
          .because = fmt::format("beam: #{}, {:.6g}, place {} of the best {}, {} visits",
                                 picked->value(), view.frontier.at(*picked).score,
                                 picked - beam.begin() + 1, beam.size(), visits(*picked))};
}

std::vector<Ranked> beam_ranked(const View& view) {
  std::vector<ExperimentNumber> beam = beam_of(view);
  std::ranges::stable_sort(
      beam, {}, [&view](ExperimentNumber one) { return view.candidates.node(one).visits; });
  return ranked_after(view, beam);
}

std::optional<ExperimentNumber> beam_reference(const View& view, ExperimentNumber parent) {
  const std::vector<ExperimentNumber> beam = beam_of(view);
  const bool full = beam.size() >= std::clamp<std::size_t>(view.search.width, 1, kWidestBeam);
  if (!full) return parent;
  const auto cost = [&view](ExperimentNumber one) { return view.candidates.node(one).cost; };
  return cost(beam.back()) < cost(parent) ? beam.back() : parent;
}

}  // namespace swarmlab::policy
