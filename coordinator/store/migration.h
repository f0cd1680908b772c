// How a store of an older release becomes one of this: forward only, one version after the other,
// each step in one batch or in many. A store says from the first batch on that it is of the new
// version, so that an older release does not touch what is half done; a step that was interrupted
// goes on where it was.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "common/result.h"
#include "coordinator/store/database.h"

namespace swarmlab::store {

struct MigrationStep {
  std::uint32_t to;  // from the version before it
  std::string_view what;
  /// Puts the next part of the changes into the batch. `done` is what the part before returned; ""
  /// is the first. \return  where to go on; "" when that was the last part
  std::function<Result<std::string>(const Database&, std::string_view done, Batch&)> part;
};

/// The steps to `kSchemaVersion`, in order.
[[nodiscard]] std::span<const MigrationStep> migration_steps();

/// Brings the store to the version of the last step, or says that it is of it (a new one).
/// invalid_input, and nothing is changed: it is newer, or too old.
[[nodiscard]] Result<void> migrate(Database& database, std::span<const MigrationStep> steps);

}  // namespace swarmlab::store
