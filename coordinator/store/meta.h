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
inline constexpr std::string_view kUnfinishedKey =
    "migration";  // how far a step is; see migration.h

/// Nothing if none was written: the store was just created. `invalid_input` if it is newer than
/// `newest` or too old to be read, `corrupt` if it is no version.
[[nodiscard]] Result<std::optional<std::uint32_t>> schema_version(const Database& database,
                                                                  std::uint32_t newest);
[[nodiscard]] Result<std::optional<std::uint32_t>> schema_version(const Database& database);

}  // namespace swarmlab::store::meta
