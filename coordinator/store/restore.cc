#include "coordinator/store/restore.h"

#include <array>
#include <random>
#include <system_error>
#include <utility>

#include "common/os/fail_point.h"
#include "common/os/file.h"
#include "coordinator/store/backup_files.h"
#include "coordinator/store/backup_manifest.h"
#include "coordinator/store/process_lock.h"
#include "coordinator/store/store.h"
#include "coordinator/swarm/restored.h"

namespace swarmlab::store {

namespace {

namespace fs = std::filesystem;

// Beside the store, for as long as it is not whole.
fs::path mark_of(const fs::path& store) {
  fs::path mark = store.has_filename() ? store : store.parent_path();
  return mark += ".restoring";
}

Result<void> copy_out(const fs::path& backup, const BackupManifest& manifest,
                      const fs::path& state_folder, std::string_view part) {
  for (const auto& [name, file] : manifest.files) {
    if (!name.starts_with(part)) continue;
    const fs::path to = state_folder / name;
    SWARMLAB_CHECK(make_folders(to.parent_path().string(), 0700));
    SWARMLAB_TRY(copied, copy_and_sum(backup / name, to, CancelToken()));
    if (copied.sha256 != file.sha256) {
      return fail(ErrorCode::corrupt, "{} is damaged; use another backup",
                  (backup / name).string());
    }
  }
  return sync_folders(state_folder / part);
}

// What an earlier restore left, or nothing.
Result<void> make_empty(const fs::path& state_folder) {
  for (const char* part : {"store", "objects.git", "backup.checkpoint"}) {
    SWARMLAB_CHECK(remove_tree((state_folder / part).string()));
  }
  // git needs folders that a backup, which lists files, does not have.
  for (const char* part :
       {"objects.git/refs", "objects.git/objects/pack", "objects.git/objects/info"}) {
    SWARMLAB_CHECK(make_folders((state_folder / part).string(), 0700));
  }
  return sync_folder(state_folder.string());
}

Result<void> jump(const fs::path& state_folder, Timestamp now) {
  StoreOptions options;
  options.reserve_bytes = 16ULL << 20U;
  options.ballast_bytes = 0;
  options.restores = true;
  SWARMLAB_TRY(store, Store::open(state_folder / "store", options));
  SWARMLAB_TRY(state, store.load());
  const std::array<swarm::Change, 1> changes = {
      swarm::jump_ahead(state, now, std::random_device()())};
  evolve(state, changes.front());
  return store.commit(changes, state, now);
}

Result<void> check_target(const fs::path& state_folder) {
  std::error_code error;
  if (fs::exists(mark_of(state_folder / "store"), error)) return {};
  for (const char* part : {"store", "objects.git"}) {
    if (!fs::exists(state_folder / part, error)) continue;
    return fail(ErrorCode::conflict,
                "{} is there already; move it away, or restore into another folder (--into)",
                (state_folder / part).string());
  }
  return {};
}

}  // namespace

Result<BackupInfo> restore_backup(const fs::path& backup, const fs::path& state_folder,
                                  Timestamp now) {
  SWARMLAB_CHECK(check_target(state_folder));
  SWARMLAB_TRY(info, verify_backup(backup));
  SWARMLAB_TRY(manifest, read_manifest(backup));
  SWARMLAB_CHECK(make_folders(state_folder.string(), 0700));
  const fs::path store = state_folder / "store";
  {
    const auto lock = ProcessLock::take(state_folder / "store.pid");
    if (!lock) return tl::unexpected(lock.error());
    SWARMLAB_CHECK(check_target(state_folder));
    SWARMLAB_CHECK(write_file_durably(mark_of(store).string(), backup.string() + "\n"));
    fail_point(FailPoint::restore_begun);
    SWARMLAB_CHECK(make_empty(state_folder));
    SWARMLAB_CHECK(copy_out(backup, manifest, state_folder, "objects.git"));
    fail_point(FailPoint::restore_between);
    SWARMLAB_CHECK(copy_out(backup, manifest, state_folder, "store"));
    SWARMLAB_CHECK(sync_folder(state_folder.string()));
  }
  fail_point(FailPoint::restore_copied);
  SWARMLAB_CHECK(jump(state_folder, now));
  fail_point(FailPoint::restore_before_end);
  SWARMLAB_CHECK(remove_tree(mark_of(store).string()));
  SWARMLAB_CHECK(sync_folder(state_folder.string()));
  return std::move(info);
}

Result<void> check_restored(const fs::path& store) {
  std::error_code error;
  if (!fs::exists(mark_of(store), error)) return {};
  return fail(ErrorCode::unavailable,
              "a restore was interrupted and is half done; run swarmlab restore again");
}

}  // namespace swarmlab::store
