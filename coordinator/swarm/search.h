// What policies look at, kept while facts come in: the candidates of each lab in order, and its
// islands. For evolve(); whoever loads a state calls rebuild_index().
#pragma once

#include "coordinator/policy/policy.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

/// For the lab's next experiment. \pre  its baseline is measured, and the index is right. Valid
/// until the state changes.
[[nodiscard]] policy::View view_of(const State& state, const Lab& lab);

/// Makes the candidates of a lab anew: after a load, other settings, or a change of the frontier
/// that the functions below do not know.
void rebuild_search(State& state, Lab& lab);

/// The settings say another policy, or other numbers for it.
void note_searched_otherwise(State& state, Lab& lab);
/// A new frontier, without anything.
void note_new_segment(State& state, Lab& lab);
/// lab.next_experiment went on.
void note_begun(State& state, const Lab& lab);
void note_visited(State& state, const Lab& lab, ExperimentNumber parent);
/// An entry is in the frontier now, and best is right.
void note_kept(State& state, Lab& lab, const FrontierEntry& entry);
/// An experiment is decided, and counted: islands may exchange their best, or begin anew.
void note_decided(State& state, Lab& lab);

}  // namespace swarmlab::swarm
