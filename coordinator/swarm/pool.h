// Pools: workers that are started and stopped together, such as those of a node pool. A worker says
// by the label pool=NAME which one it is of; without it, it is of the pool "default".
//
// A pool without workers can be asked for too: it is known from those that it had, or the operator
// declared it, or its name follows from the labels that a lab wants.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/model/resources.h"
#include "coordinator/swarm/rules.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

inline constexpr std::string_view kPoolLabel = "pool=";
inline constexpr std::string_view kDefaultPool = "default";
inline constexpr std::string_view kNoPool = "unplaced";  // of what no pool's machines can take

/// Of these labels of a worker.
[[nodiscard]] std::string pool_named_in(const std::vector<std::string>& labels);

// A kind of machine that a pool has.
struct Machine {
  std::vector<std::string> labels;  // with pool=NAME, sorted
  Resources total;
  std::uint32_t slots = 1;
  bool declared = false;  // then what workers tell of themselves alone (drivers) is not known of it
  bool operator==(const Machine&) const = default;
};

struct Pool {
  // From where it is known: the first is the surest.
  enum class Known : std::uint8_t { declared, here, was_here } known = Known::was_here;
  std::string name;
  std::vector<Machine> machines;  // each kind once
  std::uint64_t most_slots = 0;   // that are asked for; 0: no limit
};

/// Those that are declared and those that workers are or were of, by name.
/// \complexity  linear in workers
[[nodiscard]] std::vector<Pool> pools_of(const State& state, const Rules& rules);

// Where a task goes.
struct Place {
  std::string pool;
  std::uint32_t slots_each = 1;  // of a machine, that such a task takes: beside it fewer fit
};

/// The pool for tasks that need this: of those whose machines can take one, the least able, so that
/// rare machines are left to those who need them; one that only was here comes last. If none can:
/// what the labels of `needs` name, or kNoPool.
[[nodiscard]] Place place_for(const std::vector<Pool>& pools, const Needs& needs);

}  // namespace swarmlab::swarm
