// Islands: populations that search apart, each greedy in itself, and meet now and then. The idea
// and the resets: Romera-Paredes et al., "Mathematical discoveries from program search with large
// language models" (FunSearch), Nature 2024.
//
// Experiments are dealt to the islands by their numbers, each island once in every round of as many
// experiments as there are islands, in an order that the seed gives. So parallel workers spread out
// evenly, and what was kept under another policy is on an island too.
#pragma once

#include <cstddef>

#include "coordinator/policy/policy.h"

namespace swarmlab::policy {

/// 1 to kMostIslands, whatever the settings say.
[[nodiscard]] std::size_t number_of_islands(const Search& search);

/// Which island an experiment belongs to, from 0.
[[nodiscard]] std::size_t island_of(const Search& search, ExperimentNumber number);

/// All begin with the same.
[[nodiscard]] Islands founded(const Search& search, ExperimentNumber founder);

/// The best on an island; the oldest of equal ones. Where nobody is left, the best of all.
/// \pre  island < view.islands.size()
[[nodiscard]] ExperimentNumber champion(const View& view, std::size_t island);

// An island as it is from now on.
struct Renewed {
  std::size_t island = 0;
  Island as;
  bool operator==(const Renewed&) const = default;
};

// What happens between the islands when `decided` experiments are decided. Nothing at most times.
// view.next is the number of the next experiment.
/// The best of one, in turn, goes to the next one as well, where it is better than all there.
[[nodiscard]] std::optional<Renewed> migration(const View& view, std::uint64_t decided);
/// The worst begins anew with the best of a better one, drawn by seed and count.
[[nodiscard]] std::optional<Renewed> reset(const View& view, std::uint64_t decided);
/// A kept one whose island was reset while it was measured: it comes as a migrant.
[[nodiscard]] std::optional<Renewed> late_arrival(const View& view, const FrontierEntry& entry);

}  // namespace swarmlab::policy
