#include "coordinator/policy/islands.h"

#include <algorithm>

#include "common/result.h"
#include "coordinator/policy/policies.h"

namespace swarmlab::policy {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014): the same bits on every machine.
std::uint64_t mixed(std::uint64_t seed, std::uint64_t counter) {
  std::uint64_t z = seed + (counter + 1) * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31U);
}

using Rank = std::pair<double, ExperimentNumber>;

Rank rank_of(const View& view, ExperimentNumber number) {
  return {view.candidates.node(number).cost, number};
}

bool is_better(const View& view, ExperimentNumber one, ExperimentNumber other) {
  return view.candidates.node(one).cost < view.candidates.node(other).cost;
}

// Besides the founder, who may be too old, or no longer kept.
std::optional<ExperimentNumber> best_born(const View& view, std::size_t island) {
  if (island >= view.candidates.islands()) return std::nullopt;
  const Candidates::Order& born = view.candidates.on_island(island);
  if (born.empty()) return std::nullopt;
  return born.begin()->second;
}

std::size_t turn_of(const View& view) {
  return island_of(view.search, view.next) % view.islands.size();
}

ExperimentNumber parent_on(const View& view, std::size_t island) {
  const ExperimentNumber first = champion(view, island);
  if (may_be_picked(view, first)) return first;
  return best_born(view, island).value_or(view.best);  // those that were born are young enough
}

bool is_due(std::uint64_t every, std::uint64_t decided) {
  return every != 0 && decided != 0 && decided % every == 0;
}

}  // namespace

std::size_t number_of_islands(const Search& search) {
  return std::clamp<std::size_t>(search.islands, 1, kMostIslands);
}

std::size_t island_of(const Search& search, ExperimentNumber number) {
  const std::uint64_t islands = number_of_islands(search);
  const std::uint64_t round = number.value() / islands;
  return (number.value() % islands + mixed(search.seed, round) % islands) % islands;
}

Islands founded(const Search& search, ExperimentNumber founder) {
  Islands islands(number_of_islands(search));
  for (Island& one : islands) one.founder = founder;
  return islands;
}

ExperimentNumber champion(const View& view, std::size_t island) {
  const std::optional<ExperimentNumber> born = best_born(view, island);
  const ExperimentNumber founder = view.islands.at(island).founder;
  if (!view.candidates.has(founder)) return born.value_or(view.best);
  return born && rank_of(view, *born) < rank_of(view, founder) ? *born : founder;
}

std::optional<Renewed> migration(const View& view, std::uint64_t decided) {
  const std::size_t islands = view.islands.size();
  if (islands < 2 || !is_due(view.search.migration_every, decided)) return std::nullopt;
  const std::size_t from = decided / view.search.migration_every % islands;
  const std::size_t to = (from + 1) % islands;
  const ExperimentNumber migrant = champion(view, from);
  if (!is_better(view, migrant, champion(view, to))) return std::nullopt;
  return Renewed{.island = to, .as = {.founder = migrant, .since = view.islands[to].since}};
}

std::optional<Renewed> reset(const View& view, std::uint64_t decided) {
  const std::size_t islands = view.islands.size();
  if (islands < 2 || !is_due(view.search.reset_every, decided)) return std::nullopt;
  std::vector<ExperimentNumber> champions;
  for (std::size_t i = 0; i < islands; ++i) champions.push_back(champion(view, i));
  std::size_t worst = 0;
  for (std::size_t i = 1; i < islands; ++i) {
    if (is_better(view, champions[worst], champions[i])) worst = i;
  }
  std::vector<ExperimentNumber> better;
  for (const ExperimentNumber one : champions) {
    if (is_better(view, one, champions[worst])) better.push_back(one);
  }
  if (better.empty()) return std::nullopt;
  return Renewed{.island = worst,
                 .as = {.founder = better[mixed(view.search.seed, decided) % better.size()],
                        .since = ExperimentNumber(view.next.value() - 1)}};
}

std::optional<Renewed> late_arrival(const View& view, const FrontierEntry& entry) {
  const std::size_t island = island_of(view.search, entry.number);
  if (island >= view.islands.size() || entry.number > view.islands[island].since) {
    return std::nullopt;
  }
  if (!is_better(view, entry.number, champion(view, island))) return std::nullopt;
  return Renewed{.island = island,
                 .as = {.founder = entry.number, .since = view.islands[island].since}};
}

Pick islands_pick(const View& view) {
  if (view.islands.empty()) return greedy_pick(view);
  const std::size_t island = turn_of(view);
  const ExperimentNumber parent = parent_on(view, island);
  return {
      .parent = parent,
      .because = fmt::format("islands: #{}, {:.6g}, the best of island {} of {}", parent.value(),
                             view.frontier.at(parent).score, island + 1, view.islands.size())};
}

std::vector<Ranked> islands_ranked(const View& view) {
  std::vector<ExperimentNumber> first;
  for (std::size_t i = 0; i < view.islands.size(); ++i) {
    first.push_back(parent_on(view, (turn_of(view) + i) % view.islands.size()));
  }
  return ranked_after(view, first);
}

}  // namespace swarmlab::policy
