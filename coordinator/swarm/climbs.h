// What of the ladder follows from facts: the climbs of kept candidates, and who of them may climb
// next. For evolve(); whoever loads a state calls rebuild_index().
#pragma once

#include "coordinator/swarm/change.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

/// Half of the interval of its score, on the side where it is worse; 0: it is exact, or unknown.
[[nodiscard]] double doubt_of(const Experiment& experiment);

/// Whether the lab has scales to climb to.
[[nodiscard]] bool has_ladder(const Lab& lab);

/// Makes the rankings of a lab anew.
void rebuild_rankings(State& state, const Lab& lab);
/// Settings came, the first or others: what they closed is open again.
void note_scaled_otherwise(State& state, Lab& lab);
/// A new segment: nothing of before was measured.
void note_new_ladder(State& state, Lab& lab);
/// An entry is in the frontier now.
void note_entrant(State& state, const Lab& lab, const FrontierEntry& entry);

/// A person took it out of the search: it climbs no further, and where it was the champion the best
/// of the others that stand there is from now on. What it scored stays.
void note_rejected(Lab& lab, ExperimentNumber number, const Rejection& rejection);

void apply(State& state, const PromotionProposed& fact);
void apply(State& state, const Promoted& fact);
void apply(State& state, const PromotionRejected& fact);
void apply(State& state, const CheckBegan& fact);
void apply(State& state, const CheckEnded& fact);

}  // namespace swarmlab::swarm
