// What becomes of a report that counts: the worker says how the attempt ended, the coordinator what
// that is worth, or that it takes another measurement to tell.
#pragma once

#include <optional>
#include <string>

#include "common/model/report.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

struct Ruling {
  std::optional<Verdict> verdict;  // none: `pending` says what to measure
  std::string reason;
  std::optional<ExperimentNumber> duplicate_of{};
  bool tree_is_real = true;       // false: the worker never measured it, and its claim was wrong
  std::optional<double> score{};  // where it is not simply what was measured first
  std::optional<Evidence> evidence{};
  std::vector<double> others{};  // of several metrics: what it is worth in the further ones
  std::vector<Evidence> other_evidence{};
  bool becomes_best = false;
  bool simpler = false;  // kept for being smaller
  // Of no verdict: what it is compared with, and from which of its measurements on.
  struct Against {
    ExperimentNumber reference;
    std::uint32_t series = 1;
    bool kept = false;
    std::vector<ExperimentNumber> passed{};  // of several metrics: by whom it is not dominated
    bool operator==(const Against&) const = default;
  };
  Against against{};
};

/// \param so_far  the experiment with the report's measurements added to it
/// \pre  the report's shape is right (shape.h), it is about `task`, a task of the lab's current
///       segment, and its outcome is not `returned`
[[nodiscard]] Ruling rule_on(const State& state, const Task& task, const Report& report,
                             const Experiment& so_far);

/// What a candidate has to beat to be kept though it is no new best: its parent, where the policy
/// would go on from it, or where it can be merged with the best. None: then it is discarded.
/// \pre  the lab has a best
[[nodiscard]] std::optional<ExperimentNumber> reference_beside_best(const State& state,
                                                                    const Lab& lab,
                                                                    const Task& task);

/// The pairs among the measurements of an experiment, from a place on.
[[nodiscard]] std::vector<judge::Pair> pairs_of(const Experiment& experiment, std::uint32_t series);

}  // namespace swarmlab::swarm
