// How much more a lab could do at once, if there were workers for it.
//
// That is not the length of a queue: most experiments do not wait anywhere, they begin when a
// worker asks. It is what its limits leave (money, experiments, max_parallel), and of the search no
// more than helps it: so many attempts at once from each candidate that its policy goes on from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

// Attempts at the same time from one kept candidate; more of them mostly try the same.
inline constexpr std::uint64_t kAtOnceFromEach = 4;
// A provider that fails for longer than this is not waited for by machines that cost money.
inline constexpr Milliseconds kPatienceWithProvider = std::chrono::minutes(2);

// Of one scale.
struct Appetite {
  std::uint32_t scale = 0;  // place on the ladder
  std::uint64_t tasks = 0;  // that could begin now, beside what runs
  std::string why;          // so many, for people
};

/// The largest scale first; the last is of the search itself, and is there if the lab is open: its
/// `why` says what holds it up. A lab that is stopped has none.
/// \complexity  linear in open tasks of a lab whose agents' provider fails
[[nodiscard]] std::vector<Appetite> appetite_of(const State& state, const Lab& lab, Timestamp now);

}  // namespace swarmlab::swarm
