#include "coordinator/swarm/search.h"

#include "common/result.h"
#include "coordinator/policy/islands.h"
#include "coordinator/swarm/front.h"

namespace swarmlab::swarm {
namespace {

policy::Candidates& candidates_of(State& state, const Lab& lab) {
  return state.index.labs[lab.id].candidates;
}

// Other islands than there are begin with the baseline; who was kept before is dealt to them.
void found_islands(Lab& lab) {
  const Search& search = lab.settings.search;
  if (lab.settings.policy != PolicyKind::islands || !lab.segment.baseline_measured) return;
  if (lab.islands.size() == policy::number_of_islands(search)) return;
  lab.islands = policy::founded(search, lab.segment.baseline);
}

void renew(State& state, Lab& lab, const std::optional<policy::Renewed>& renewed) {
  if (!renewed) return;
  policy::Island& island = lab.islands.at(renewed->island);
  if (island.since != renewed->as.since) candidates_of(state, lab).empty(renewed->island);
  island = renewed->as;
}

}  // namespace

policy::View view_of(const State& state, const Lab& lab) {
  SWARMLAB_ASSERT(lab.best.has_value());
  const auto open = state.index.labs.find(lab.id);
  SWARMLAB_ASSERT(open != state.index.labs.end());  // else rebuild_index() was forgotten
  return {.frontier = lab.frontier,
          .candidates = open->second.candidates,
          .islands = lab.islands,
          .search = lab.settings.search,
          .best = lab.best->number,
          .baseline = lab.segment.baseline,
          .next = lab.next_experiment,
          .direction = lab.settings.metric.direction,
          .front = &open->second.front};
}

void rebuild_search(State& state, Lab& lab) {
  candidates_of(state, lab) =
      policy::candidates_of(lab.frontier, lab.islands, lab.settings.search,
                            lab.settings.metric.direction, lab.next_experiment);
  state.index.labs[lab.id].front = front_of(lab);
}

void note_searched_otherwise(State& state, Lab& lab) {
  found_islands(lab);
  rebuild_search(state, lab);
}

void note_new_segment(State& state, Lab& lab) {
  lab.islands.clear();
  rebuild_search(state, lab);
}

void note_begun(State& state, const Lab& lab) {
  candidates_of(state, lab).expect(lab.next_experiment);
}

void note_visited(State& state, const Lab& lab, ExperimentNumber parent) {
  candidates_of(state, lab).visit(parent);
}

void note_kept(State& state, Lab& lab, const FrontierEntry& entry) {
  found_islands(lab);
  candidates_of(state, lab).learn(entry, lab.islands);
  add_to_front(state.index.labs[lab.id].front, lab, entry);
  if (lab.settings.policy != PolicyKind::islands || !lab.best) return;
  renew(state, lab, policy::late_arrival(view_of(state, lab), entry));
}

void note_decided(State& state, Lab& lab) {
  if (lab.settings.policy != PolicyKind::islands || lab.islands.empty() || !lab.best) return;
  const std::uint64_t decided = lab.counters.experiments;
  renew(state, lab, policy::migration(view_of(state, lab), decided));
  renew(state, lab, policy::reset(view_of(state, lab), decided));
}

}  // namespace swarmlab::swarm
