// The policies, one file each; policy.cc chooses among them.
#pragma once

#include "coordinator/policy/policy.h"

namespace swarmlab::policy {

// The best so far; then by score, of equal ones the one that fewer experiments started from, then
// the older.
[[nodiscard]] Pick greedy_pick(const View& view);
[[nodiscard]] std::vector<Ranked> greedy_ranked(const View& view);

// Always the baseline: n independent tries. What other policies have to beat.
[[nodiscard]] Pick best_of_n_pick(const View& view);
[[nodiscard]] std::vector<Ranked> best_of_n_ranked(const View& view);

// Of the best `width`, the one that the fewest experiments started from.
[[nodiscard]] Pick beam_pick(const View& view);
[[nodiscard]] std::vector<Ranked> beam_ranked(const View& view);
/// Who is better than the parent and gets into the beam is better than this one.
[[nodiscard]] std::optional<ExperimentNumber> beam_reference(const View& view,
                                                             ExperimentNumber parent);

// The most promising, counting how little it was tried (ucb.cc has the formula).
[[nodiscard]] Pick ucb_pick(const View& view);
[[nodiscard]] std::vector<Ranked> ucb_ranked(const View& view);

// The best of the island whose turn it is (islands.h).
[[nodiscard]] Pick islands_pick(const View& view);
[[nodiscard]] std::vector<Ranked> islands_ranked(const View& view);

// Of a lab with several metrics: from those that no other one dominates.
[[nodiscard]] bool has_front(const View& view);
[[nodiscard]] Pick front_pick(PolicyKind policy, const View& view);
[[nodiscard]] std::vector<Ranked> front_ranked(PolicyKind policy, const View& view);

/// Young enough, or the best.
[[nodiscard]] bool may_be_picked(const View& view, ExperimentNumber number);

/// These first, each once, and then the others as greedy has them.
[[nodiscard]] std::vector<Ranked> ranked_after(const View& view,
                                               const std::vector<ExperimentNumber>& first);

}  // namespace swarmlab::policy
