#include "coordinator/store/store.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "coordinator/store/disk_space.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/meta.h"
#include "coordinator/store/staging.h"
#include "coordinator/store/store_impl.h"

namespace swarmlab::store {

namespace {

namespace fs = std::filesystem;

// What opening itself may write: a log, a manifest, and what a compaction begins at once.
constexpr std::uint64_t kBytesToOpen = 16ULL << 20U;

// Files beside the folder, which is RocksDB's own.
fs::path beside(const fs::path& path, const char* suffix) {
  fs::path file = path.has_filename() ? path : path.parent_path();
  return file += suffix;
}

Result<void> make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return fail(ErrorCode::unavailable, "cannot be created: {}", error.message());
  return {};
}

Result<void> make_room_to_open(const fs::path& path, const Ballast& ballast,
                               std::uint64_t reserve) {
  const std::uint64_t needed = std::min(reserve, kBytesToOpen);
  if (check_free(path, needed)) return {};
  ballast.release();
  return check_free(path, needed);
}

// A version that this build cannot read is refused before anything is opened for writing.
Result<void> check_version(const fs::path& path, rocksdb::Env* env) {
  SWARMLAB_TRY(database, Database::open(path, Database::Mode::read_only, env));
  SWARMLAB_CHECK(meta::schema_version(database));
  return {};
}

Result<Database> open_for_writing(const fs::path& path, const StoreOptions& options) {
  SWARMLAB_TRY(there, Database::exists(path));
  if (there) SWARMLAB_CHECK(check_version(path, options.env));
  const Ballast ballast(beside(path, ".ballast"), options.ballast_bytes);
  SWARMLAB_CHECK(make_room_to_open(path, ballast, options.reserve_bytes));
  SWARMLAB_TRY(database, Database::open(path, Database::Mode::read_write, options.env));
  SWARMLAB_CHECK(meta::migrate(database));
  ballast.restore(options.reserve_bytes);
  return std::move(database);
}

Result<Database> open_for_reading(const fs::path& path, const StoreOptions& options) {
  SWARMLAB_TRY(there, Database::exists(path));
  if (!there) return fail(ErrorCode::not_found, "there is no store");
  SWARMLAB_CHECK(ProcessLock::check_free(beside(path, ".pid")));
  SWARMLAB_TRY(database, Database::open(path, Database::Mode::read_only, options.env));
  SWARMLAB_CHECK(meta::schema_version(database));
  return std::move(database);
}

Result<std::uint64_t> last_sequence_in(const Database& database) {
  std::uint64_t last = 0;
  const auto visit = [&](std::string_view key, std::string_view) -> Result<bool> {
    const auto number = keys::last_number(key);
    if (!number) return fail(ErrorCode::corrupt, "expected a key of 8 bytes");
    last = *number;
    return false;
  };
  SWARMLAB_CHECK(database.scan(Family::events, {.from = {}, .to = {}, .backwards = true}, visit));
  return last;
}

}  // namespace

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Result<Store> Store::open(const fs::path& path, const StoreOptions& options) {
  const std::string here = "store at " + path.string();
  if (auto made = make_folder(path); !made) return within(here, made.error());
  auto lock = ProcessLock::take(beside(path, ".pid"));
  if (!lock) return within(here, lock.error());
  auto database = open_for_writing(path, options);
  if (!database) return within(here, database.error());
  auto impl = std::make_unique<Impl>(path, options, std::move(*lock), std::move(*database));
  const auto last = last_sequence_in(impl->database);
  if (!last) return within(here, last.error());
  impl->last_sequence = *last;
  return Store(std::move(impl));
}

Result<Store> Store::open_read_only(const fs::path& path, const StoreOptions& options) {
  const std::string here = "store at " + path.string();
  auto database = open_for_reading(path, options);
  if (!database) return within(here, database.error());
  auto impl = std::make_unique<Impl>(path, options, std::nullopt, std::move(*database));
  const auto last = last_sequence_in(impl->database);
  if (!last) return within(here, last.error());
  impl->last_sequence = *last;
  return Store(std::move(impl));
}

Result<void> Store::has_room() const {
  const auto room = check_free(impl_->path, impl_->options.reserve_bytes);
  if (!room) return impl_->here(room.error());
  return {};
}

Result<void> Store::commit(std::span<const swarm::Change> changes, const swarm::State& after,
                           Timestamp at, std::span<const AttachmentsOf> attachments) {
  if (!std::ranges::any_of(changes, swarm::is_stored) && attachments.empty()) return {};
  SWARMLAB_CHECK(has_room());
  auto staged = stage(impl_->database, {.changes = changes,
                                        .after = after,
                                        .at = at,
                                        .attachments = attachments,
                                        .last = last_sequence()});
  if (!staged) return impl_->here(staged.error());
  const auto written = impl_->database.write(std::move(staged->batch));
  if (!written) {
    return impl_->here({.code = written.error().code,
                        .message = "a write failed and may or may not be there; restart: " +
                                   written.error().message});
  }
  impl_->last_sequence = staged->last.value();
  return {};
}

Sequence Store::last_sequence() const {
  return Sequence(impl_->last_sequence.load());
}

}  // namespace swarmlab::store
