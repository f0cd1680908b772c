// A lab as it is at one of its scales. Pure.
#pragma once

#include <cstdint>

#include "common/model/lab.h"

namespace swarmlab {

/// What a task at that place of the ladder needs of a worker. Valid while the settings are.
/// \pre  there is such a scale, or the place is 0
[[nodiscard]] const Needs& needs_at(const LabSettings& settings, std::uint32_t place);

/// The settings that a worker gets for a measurement at that scale. \pre  there is such a scale
[[nodiscard]] LabSettings at_scale(LabSettings settings, std::uint32_t place);

/// The scale that the settings are at; null: the lab has none. Valid while the settings are.
[[nodiscard]] const Scale* current_scale(const LabSettings& settings);

}  // namespace swarmlab
