#include "coordinator/store/store.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "common/os/fail_point.h"
#include "common/os/file.h"
#include "coordinator/store/disk_space.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/log_check.h"
#include "coordinator/store/meta.h"
#include "coordinator/store/migration.h"
#include "coordinator/store/restore.h"
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

// RocksDB syncs what is in the folder; that the folder itself survives a power loss is up to us.
Result<void> make_folder(const fs::path& path) {
  std::error_code error;
  const fs::path whole = fs::absolute(path, error);
  if (error) return fail(ErrorCode::unavailable, "cannot be created: {}", error.message());
  fs::path known = whole;  // the innermost folder that is there
  while (!fs::exists(known, error) && known.has_relative_path()) known = known.parent_path();
  if (!fs::create_directories(whole, error) && error) {
    return fail(ErrorCode::unavailable, "cannot be created: {}", error.message());
  }
  for (fs::path made = whole; made != known; made = made.parent_path()) {
    SWARMLAB_CHECK(sync_folder(made.parent_path().string()));
  }
  return {};
}

Result<void> make_room_to_open(const fs::path& path, const Ballast& ballast,
                               std::uint64_t reserve) {
  const std::uint64_t needed = std::min(reserve, kBytesToOpen);
  if (check_free(path, needed)) return {};
  ballast.release();
  return check_free(path, needed);
}

// A version that this build cannot read is refused before anything is opened for writing. None: the
// process that created the store was killed before it was whole.
Result<std::optional<std::uint32_t>> version_of(const fs::path& path, rocksdb::Env* env) {
  SWARMLAB_TRY(database, Database::open(path, Database::Mode::only_meta, env));
  return meta::schema_version(database);
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

Result<Database> open_for_writing(const fs::path& path, const StoreOptions& options) {
  if (!options.restores) SWARMLAB_CHECK(check_restored(path));
  SWARMLAB_TRY(there, Database::exists(path));
  if (there) {
    SWARMLAB_CHECK(check_logs(path, options.env));
    SWARMLAB_CHECK(version_of(path, options.env));
  }
  const Ballast ballast(beside(path, ".ballast"), options.ballast_bytes);
  SWARMLAB_CHECK(make_room_to_open(path, ballast, options.reserve_bytes));
  const bool has_room = check_free(path, options.reserve_bytes).has_value();
  SWARMLAB_TRY(database, Database::open(path, Database::Mode::read_write, options.env, has_room));
  SWARMLAB_TRY(last, last_sequence_in(database));
  SWARMLAB_CHECK(check_acknowledged(path, options.env, Sequence(last)));
  SWARMLAB_CHECK(migrate(database, migration_steps()));
  ballast.restore(options.reserve_bytes);
  return std::move(database);
}

Result<Database> open_for_reading(const fs::path& path, const StoreOptions& options) {
  SWARMLAB_TRY(there, Database::exists(path));
  const Result<void> whole = check_restored(path);  // what is half restored may have no store yet
  if (!there && whole) return fail(ErrorCode::not_found, "there is no store");
  SWARMLAB_CHECK(ProcessLock::check_free(beside(path, ".pid")));
  SWARMLAB_CHECK(whole);
  SWARMLAB_CHECK(check_logs(path, options.env));
  SWARMLAB_TRY(version, version_of(path, options.env));
  if (!version) return fail(ErrorCode::not_found, "there is no store");
  SWARMLAB_TRY(database, Database::open(path, Database::Mode::read_only, options.env));
  SWARMLAB_TRY(unfinished, database.get(Family::meta, meta::kUnfinishedKey));
  if (!unfinished) return std::move(database);
  return fail(ErrorCode::unavailable,
              "a migration was interrupted; the next coordinator ends it: start one");
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
  auto acknowledged = Acknowledged::open(path, options.env, Sequence(*last));
  if (!acknowledged) return within(here, acknowledged.error());
  impl->acknowledged.emplace(std::move(*acknowledged));
  return Store(std::move(impl));
}

Result<Store> Store::open_read_only(const fs::path& path, const StoreOptions& options) {
  const std::string here = "store at " + path.string();
  auto database = open_for_reading(path, options);
  if (!database) return within(here, database.error());
  auto impl = std::make_unique<Impl>(path, options, std::nullopt, std::move(*database));
  const auto last = last_sequence_in(impl->database);
  if (!last) return within(here, last.error());
  if (auto sound = check_acknowledged(path, options.env, Sequence(*last)); !sound) {
    return within(here, sound.error());
  }
  impl->last_sequence = *last;
  return Store(std::move(impl));
}

Result<DiskSpace> Store::Impl::space() const {
  if (options.free_bytes) return DiskSpace{.bytes = options.free_bytes()};
  return disk_space(path);
}

Result<void> Store::Impl::room_for(std::uint64_t bytes) const {
  SWARMLAB_TRY(free, space());
  return check_free(free, options.reserve_bytes + bytes);
}

// There was room when the turn began. What others wrote since then must not end the process at
// once: half of the reserve is for that.
Result<void> Store::Impl::room_to_end_turn(std::uint64_t bytes) const {
  SWARMLAB_TRY(free, space());
  return check_free(free, options.reserve_bytes / 2 + bytes);
}

Result<Sequence> Store::Impl::write(const Turn& turn) {
  SWARMLAB_TRY(staged, stage(database, turn));
  // A burst of large attachments must not eat the reserve: flushes and compactions need it.
  SWARMLAB_CHECK(room_to_end_turn(staged.batch.bytes()));
  SWARMLAB_CHECK(database.start_compactions());
  fail_point(FailPoint::batch_before);
  if (const auto written = database.write(std::move(staged.batch)); !written) {
    return within("a write failed and may or may not be there; restart", written.error());
  }
  fail_point(FailPoint::batch_after);
  if (acknowledged) SWARMLAB_CHECK(acknowledged->note(staged.last));
  fail_point(FailPoint::mark_after);
  return staged.last;
}

Result<void> Store::has_room() const {
  const auto room = impl_->room_for(0);
  if (!room) return impl_->here(room.error());
  return {};
}

DiskRoom Store::disk_room(std::uint64_t incoming) const {
  auto space = impl_->space();
  if (space) {
    space->bytes -= std::min(space->bytes, incoming);
    return store::disk_room(*space, impl_->options.reserve_bytes);
  }
  return {.level = DiskLevel::read_only, .free_bytes = 0, .text = space.error().message};
}

Result<void> Store::takes_packs() const {
  const DiskRoom room = disk_room();
  if (room.level < DiskLevel::no_packs) return {};
  return impl_->here({.code = ErrorCode::unavailable, .message = room.text});
}

Result<void> Store::commit(std::span<const swarm::Change> changes, const swarm::State& after,
                           Timestamp at, std::span<const AttachmentsOf> attachments) {
  if (!std::ranges::any_of(changes, swarm::is_stored) && attachments.empty()) return {};
  if (impl_->failed) {
    return impl_->here(
        {.code = ErrorCode::internal, .message = "an earlier commit failed; restart"});
  }
  const Turn turn{.changes = changes,
                  .after = after,
                  .at = at,
                  .attachments = attachments,
                  .last = last_sequence()};
  const auto last = impl_->write(turn);
  if (!last) {
    impl_->failed = true;  // memory is ahead of the disk: what came next would not fit together
    return impl_->here(last.error());
  }
  impl_->last_sequence = last->value();
  return {};
}

Result<void> Store::checkpoint(const fs::path& to) const {
  if (auto made = impl_->database.checkpoint(to); !made) return impl_->here(made.error());
  return {};
}

Sequence Store::last_sequence() const {
  return Sequence(impl_->last_sequence.load());
}

}  // namespace swarmlab::store
