// Labs whose agents' provider does not answer as it should.
//
// A rate limit or an outage passes by itself: the attempt goes back and costs no experiment and no
// restart, and the lab starts no agent for a while, each time longer. Then one agent tries; the
// others follow when it got through. Measurements go on meanwhile. What needs a person (a key that
// does not hold, no credit) stops the lab with the provider's words.
#pragma once

#include <string>
#include <string_view>

#include "coordinator/swarm/command.h"
#include "coordinator/swarm/draft.h"

namespace swarmlab::swarm {

/// What the reason of a lab begins with that stopped for a failure which only a person can mend: a
/// key that is refused, no credit left.
inline constexpr std::string_view kStoppedByProvider = "the agents' provider, asked by ";

// For evolve() alone.
void apply(State& state, const ProviderFailed& fact);
void apply(State& state, const ProviderAnswered& fact);

/// Whether an agent runs in the task's next lease.
[[nodiscard]] bool needs_agent(const Task& task);

/// Whether the lab starts no agent now. \complexity  linear in leases, of a lab that waits
[[nodiscard]] bool waits_for_provider(const State& state, const Lab& lab, Timestamp now);
/// "the agents' provider is rate_limited (WORDS): tried again in 12 s".
[[nodiscard]] std::string why_it_waits(const Lab& lab, Timestamp now);

/// What a report says of the provider. \pre  its task is leased under its token, and no orphan
void note_provider(Draft& draft, const Rules& rules, const Lab& lab, const Task& task,
                   const Report& report, Timestamp now);

}  // namespace swarmlab::swarm
