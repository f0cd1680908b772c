// Durations and sizes as a person writes them in lab.toml and in flags: a number and its unit.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/result.h"
#include "common/strong_id.h"

namespace swarmlab {

/// "500ms", "90s", "10m", "1.5h", "2d". A bare number is refused: nobody knows its unit.
/// \return 0 or more; at most ten years
[[nodiscard]] Result<Milliseconds> parse_duration(std::string_view text);

/// Bytes: "10MB" is 10 * 1000^2; "10MiB" and "10M" are 10 * 1024^2. B, K, M, G, T. A bare number is
/// refused.
/// \return below 2^63
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

}  // namespace swarmlab
