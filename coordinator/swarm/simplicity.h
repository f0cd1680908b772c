// Candidates that are kept for being smaller, and what may be taken out of the best again.
//
// Small losses must not add up: whatever is conceded is measured against the best that was ever
// conceded from (its anchor), not against the last one. That is the remedy for "biocreep", the
// drift of tests of non-inferiority in a row (D'Agostino, Massaro and Sullivan, "Non-inferiority
// trials: design concepts and issues", Statistics in Medicine 2003). So at any time the best was
// shown to be no worse than its anchor by the margin of one test, however many simplifications led
// to it; and a candidate that beats the best is a new anchor only if it scores better than the old.
#pragma once

#include <optional>
#include <string>

#include "coordinator/swarm/command.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

/// How large the candidate of a first report is; none: nobody asks, or it is not known.
[[nodiscard]] std::optional<double> size_of(const Simplicity& simplicity,
                                            const ReportArrived& command);

/// Of the best: what it must not be worse than. It is in the frontier. \pre  the lab has a best
[[nodiscard]] const FrontierEntry& anchor_of(const Lab& lab);

/// Whether it would be kept for being no worse than the anchor. \pre  the lab has a best
[[nodiscard]] bool is_smaller(const Lab& lab, const Experiment& candidate);

/// What the candidate may lose against `reference`, if it is smaller; none: it has to be better.
/// \pre  the lab has a best
[[nodiscard]] std::optional<double> allowed_loss(const Lab& lab, const Experiment& candidate,
                                                 ExperimentNumber reference);

/// For people: how much smaller than the best. \pre  is_smaller()
[[nodiscard]] std::string smaller_text(const Lab& lab, const Experiment& candidate);

/// The anchor of what is kept now; none: it is one itself, or not the best.
/// \pre  the lab's best is still that of before
[[nodiscard]] std::optional<ExperimentNumber> conceded_from(const Lab& lab, const Experiment& kept,
                                                            bool becomes_best);

/// Which kept change is to be taken out of the best next, the newest first: one that made it larger
/// and was not tried on this best, nor on one that it was simplified from. None: all were tried.
/// \complexity  in the ancestors of the best
[[nodiscard]] std::optional<ExperimentNumber> next_to_undo(const Lab& lab);

/// The task that tries it, if the worker may have it: none is open in the lab, and for a while
/// nothing better was found.
[[nodiscard]] std::optional<TaskCreated> simplification(const State& state, const Lab& lab,
                                                        const Worker& worker);

// For evolve(): the index knows which change is next.
void note_best(State& state, Lab& lab);
void note_task(State& state, Lab& lab, const Task& task);
/// A simplification became the best: what was tried before it is not tried again.
void note_simplified(Lab& lab, const FrontierEntry& kept);

}  // namespace swarmlab::swarm
