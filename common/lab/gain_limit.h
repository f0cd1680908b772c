// The limit of [stop] expected_gain as a person writes it: "5% in 20", "0.01 per dollar", or both
// with a comma between.
#pragma once

#include <string>
#include <string_view>

#include "common/model/lab.h"
#include "common/result.h"

namespace swarmlab {

inline constexpr std::uint64_t kMostGainExperiments = 1'000'000;

/// "off" is no limit. A chance is above 0 % and below 100 %, a gain per dollar above 0.
[[nodiscard]] Result<GainLimit> parse_gain_limit(std::string_view text);

/// As parse_gain_limit() takes it.
[[nodiscard]] std::string to_text(const GainLimit& limit);

}  // namespace swarmlab
