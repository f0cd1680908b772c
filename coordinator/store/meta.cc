#include "coordinator/store/meta.h"

#include <charconv>
#include <string>

#include "coordinator/store/store.h"

namespace swarmlab::store::meta {

Result<std::optional<std::uint32_t>> schema_version(const Database& database,
                                                    std::uint32_t newest) {
  SWARMLAB_TRY(text, database.get(Family::meta, kVersionKey));
  if (!text) return std::nullopt;
  std::uint32_t version = 0;
  const char* const end = text->data() + text->size();
  if (const auto [rest, error] = std::from_chars(text->data(), end, version);
      error != std::errc() || rest != end) {
    return fail(ErrorCode::corrupt, "meta {}: expected a number", kVersionKey);
  }
  if (version > newest || version < kOldestReadable) {
    return fail(ErrorCode::invalid_input, "schema version {}, this build reads {} to {}; use {}",
                version, kOldestReadable, newest,
                version > newest ? "a newer swarmlab" : "an older swarmlab");
  }
  return version;
}

Result<std::optional<std::uint32_t>> schema_version(const Database& database) {
  return schema_version(database, kSchemaVersion);
}

}  // namespace swarmlab::store::meta
