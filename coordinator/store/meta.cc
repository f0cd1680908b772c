#include "coordinator/store/meta.h"

#include <charconv>
#include <string>

#include "coordinator/store/store.h"

namespace swarmlab::store::meta {

Result<std::optional<std::uint32_t>> schema_version(const Database& database) {
  SWARMLAB_TRY(text, database.get(Family::meta, kVersionKey));
  if (!text) return std::nullopt;
  std::uint32_t version = 0;
  const char* const end = text->data() + text->size();
  if (const auto [rest, error] = std::from_chars(text->data(), end, version);
      error != std::errc() || rest != end) {
    return fail(ErrorCode::corrupt, "meta {}: expected a number", kVersionKey);
  }
  if (version > kSchemaVersion || version < kOldestReadable) {
    return fail(ErrorCode::invalid_input, "schema version {}, this build reads {} to {}; use {}",
                version, kOldestReadable, kSchemaVersion,
                version > kSchemaVersion ? "a newer swarmlab" : "an older swarmlab");
  }
  return version;
}

Result<void> migrate(Database& database) {
  SWARMLAB_TRY(version, schema_version(database));
  if (version == kSchemaVersion) return {};
  // A later version puts its step here: the records that it changes go into the same batch, so that
  // a store is of the old version or of the new one, whenever the process dies.
  Batch batch;
  batch.put(Family::meta, kVersionKey, std::to_string(kSchemaVersion));
  return database.write(std::move(batch));
}

}  // namespace swarmlab::store::meta
