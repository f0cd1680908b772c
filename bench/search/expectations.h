// How well a lab foretells whether it will find more, and what stopping by that saves: tables in
// Markdown.
#pragma once

#include <cstdint>
#include <string>

namespace swarmlab::search {

/// Of all forecasts between two chances: how many, what they said on average, and how often a new
/// best came indeed.
[[nodiscard]] std::string reliability_table(std::uint64_t seeds);

/// When limits of [stop] would have ended labs, and what these had found by then.
[[nodiscard]] std::string stopping_table(std::uint64_t seeds);

}  // namespace swarmlab::search
