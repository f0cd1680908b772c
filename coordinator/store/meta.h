// What a store knows of itself: its schema version, and the numbers that are given out next.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "common/result.h"
#include "coordinator/store/database.h"

namespace swarmlab::store::meta {

inline constexpr std::string_view kVersionKey = "schema-version";
inline constexpr std::string_view kNumbersKey = "numbers";

/// Nothing if none was written: the store was just created. `invalid_input` if this build cannot
/// read the version, `corrupt` if it is none.
[[nodiscard]] Result<std::optional<std::uint32_t>> schema_version(const Database& database);

/// Brings a store that this build can read to the version that it writes; stamps a new one.
[[nodiscard]] Result<void> migrate(Database& database);

}  // namespace swarmlab::store::meta
