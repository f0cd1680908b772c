#include "coordinator/store/backup.h"

#include <fmt/chrono.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

#include "common/os/fail_point.h"
#include "common/os/file.h"
#include "coordinator/store/backup_files.h"
#include "coordinator/store/backup_manifest.h"
#include "coordinator/store/meta.h"
#include "coordinator/store/store.h"

namespace swarmlab::store {

namespace {

namespace fs = std::filesystem;

constexpr const char* kLastFile = "backup.last";
constexpr const char* kCheckpoint = "backup.checkpoint";
constexpr std::string_view kNameBegin = "swarmlab-";
constexpr std::string_view kUnfinished = ".unfinished";
constexpr int kMostListings = 100;

tl::unexpected<Error> cannot(std::string_view what, const fs::path& path, std::error_code error) {
  return fail(ErrorCode::unavailable, "{}: cannot {}: {}", path.string(), what, error.message());
}

Result<std::vector<fs::path>> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;
    if (entry->is_regular_file(gone)) files.push_back(entry->path());
  }
  if (error) return cannot("be listed", folder, error);
  std::ranges::sort(files);
  return files;
}

// RocksDB's: what is not needed to open it again stays behind (LOCK, LOG), and ACKNOWLEDGED, which
// speaks of the original.
Result<void> take_store(const fs::path& folder, BackupFiles& files) {
  SWARMLAB_TRY(found, files_in(folder));
  for (const fs::path& path : found) {
    const std::string name = path.filename().string();
    const std::string to = "store/" + name;
    if (path.extension() == ".sst") {
      SWARMLAB_CHECK(files.link(path, to));
    } else if (path.extension() == ".log" || name == "CURRENT" || name == "IDENTITY" ||
               name.starts_with("MANIFEST-") || name.starts_with("OPTIONS-")) {
      SWARMLAB_CHECK(files.copy(path, to));
    }
  }
  return {};
}

bool has_index(const fs::path& pack) {
  std::error_code error;
  return fs::exists(fs::path(pack).replace_extension(".idx"), error);
}

// A pack that is folded into another goes, after the other one came: the next listing has that.
// \return  whether nothing that was listed was gone
Result<bool> take_packs(const fs::path& folder, BackupFiles& files) {
  SWARMLAB_TRY(found, files_in(folder));
  for (const fs::path& pack : found) {
    if (pack.extension() != ".pack" || !has_index(pack)) continue;
    const fs::path index = fs::path(pack).replace_extension(".idx");
    const std::string to = "objects.git/objects/pack/";
    Result<void> taken = files.link(pack, to + pack.filename().string());
    if (taken) taken = files.link(index, to + index.filename().string());
    if (!taken && taken.error().code == ErrorCode::not_found) return false;
    SWARMLAB_CHECK(taken);
  }
  return true;
}

// Objects that are files of their own, if there are any.
Result<void> take_loose(const fs::path& objects, BackupFiles& files) {
  std::error_code error;
  for (fs::directory_iterator entry(objects / "objects", error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string part = entry->path().filename().string();
    if (part.size() != 2) continue;
    SWARMLAB_TRY(found, files_in(entry->path()));
    for (const fs::path& path : found) {
      const std::string name = path.filename().string();
      if (name.size() != 38) continue;  // one that is being written
      SWARMLAB_CHECK(files.link(path, "objects.git/objects/" + part + "/" + name));
    }
  }
  if (error) return cannot("be listed", objects, error);
  return {};
}

// Without refs: they follow the log of events, and are written again from it.
Result<void> take_objects(const fs::path& objects, BackupFiles& files) {
  bool whole = false;
  for (int listing = 0; !whole; ++listing) {
    if (listing == kMostListings) {
      return fail(ErrorCode::unavailable, "{}: packs come and go, try again", objects.string());
    }
    SWARMLAB_TRY(taken, take_packs(objects / "objects/pack", files));
    whole = taken;
  }
  SWARMLAB_CHECK(take_loose(objects, files));
  SWARMLAB_CHECK(files.make_folder("objects.git/refs"));  // without it git sees no repository
  for (const char* name : {"HEAD", "config", "shallow"}) {
    const Result<void> copied = files.copy(objects / name, std::string("objects.git/") + name);
    if (!copied && copied.error().code != ErrorCode::not_found) return copied;
  }
  return {};
}

Result<void> read_version(const fs::path& store, BackupInfo& info) {
  SWARMLAB_TRY(database, Database::open(store, Database::Mode::only_meta));
  SWARMLAB_TRY(schema, meta::schema_version(database));
  info.schema = schema.value_or(0);
  SWARMLAB_TRY(opened, Store::open_read_only(store));
  info.sequence = opened.last_sequence();
  return {};
}

std::string name_for(Timestamp taken) {
  return fmt::format("{}{:%Y%m%dT%H%M%S}.{:03}Z", kNameBegin,
                     fmt::gmtime(std::chrono::system_clock::to_time_t(taken)),
                     taken.time_since_epoch().count() % 1000);
}

// Complete ones, the oldest first.
std::vector<fs::path> backups_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->path().filename().string().starts_with(kNameBegin) &&
        fs::exists(entry->path() / kManifestFile, ignored)) {
      found.push_back(entry->path());
    }
  }
  std::ranges::sort(found);
  return found;
}

fs::path unfinished(const fs::path& backup) {
  return backup.parent_path() / ("." + backup.filename().string() + std::string(kUnfinished));
}

Result<void> move_to(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) return cannot("be renamed to " + to.string(), from, error);
  return sync_folder(to.parent_path().string());
}

// What is to be removed loses its name first: half of a backup is never taken for one.
Result<void> rotate(const fs::path& folder, std::uint32_t keep) {
  std::vector<fs::path> all = backups_in(folder);
  all.resize(all.size() - std::min<std::size_t>(all.size(), keep));
  for (const fs::path& old : all) {
    SWARMLAB_CHECK(move_to(old, unfinished(old)));
    SWARMLAB_CHECK(remove_tree(unfinished(old).string()));
  }
  return {};
}

void remove_left_over(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with("." + std::string(kNameBegin)) && name.ends_with(kUnfinished)) {
      static_cast<void>(remove_tree(entry->path().string()));
    }
  }
}

// The places that one backup needs.
struct Places {
  fs::path backup;
  fs::path folder;  // that it is in
  fs::path temporary;
  fs::path base;  // an earlier backup; empty: none
};

Result<Places> places_for(const BackupSource& source, const BackupOrder& order) {
  if (!order.destination.is_absolute()) {
    return fail(ErrorCode::invalid_input, "the backup's place is {}, expected an absolute path",
                order.destination.string());
  }
  fs::path target = order.destination.lexically_normal();
  if (!target.has_filename()) target = target.parent_path();
  for (const char* part : {"store", "objects.git"}) {
    const auto relative = target.lexically_relative(source.state_folder / part);
    if (!relative.empty() && *relative.begin() != "..") {
      return fail(ErrorCode::invalid_input, "{} is within what is saved", target.string());
    }
  }
  Places places;
  std::error_code error;
  if (order.keep > 0) {
    places.folder = target;
    places.backup = target / name_for(order.now);
    const std::vector<fs::path> before = backups_in(target);
    if (!before.empty()) places.base = before.back();
  } else {
    places.folder = target.parent_path();
    places.backup = target;
  }
  if (fs::exists(places.backup, error)) {
    return fail(ErrorCode::invalid_input, "{} is there already; name another place, or give --keep",
                places.backup.string());
  }
  places.temporary = unfinished(places.backup);
  return places;
}

Result<void> fill(const BackupSource& source, BackupFiles& files, const fs::path& temporary) {
  fs::path store = source.state_folder / "store";
  const fs::path checkpoint = source.state_folder / kCheckpoint;
  SWARMLAB_CHECK(remove_tree(checkpoint.string()));
  if (source.checkpoint) {
    SWARMLAB_CHECK(source.checkpoint(checkpoint));
    store = checkpoint;
  }
  fail_point(FailPoint::backup_after_checkpoint);
  SWARMLAB_CHECK(take_store(store, files));
  fail_point(FailPoint::backup_after_store);
  SWARMLAB_CHECK(take_objects(source.state_folder / "objects.git", files));
  SWARMLAB_CHECK(remove_tree(checkpoint.string()));
  return read_version(temporary / "store", files.manifest().info);
}

Result<BackupInfo> make_in(const BackupSource& source, const BackupOrder& order,
                           const Places& places, const CancelToken& cancel) {
  const auto begin = std::chrono::steady_clock::now();
  std::optional<BackupManifest> base;
  if (!places.base.empty()) {
    // A base that is damaged costs time only.
    if (auto read = read_manifest(places.base)) base = std::move(*read);
  }
  BackupFiles files(places.temporary, base ? &*base : nullptr, places.base, cancel);
  SWARMLAB_CHECK(fill(source, files, places.temporary));
  BackupManifest& manifest = files.manifest();
  BackupInfo& info = manifest.info;
  info.path = places.backup;
  info.taken = order.now;
  info.version = order.version;
  info.files = manifest.files.size();
  for (const auto& [name, file] : manifest.files) info.bytes += file.bytes;
  info.took = std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begin);
  const std::string text = to_text(manifest);
  SWARMLAB_CHECK(write_file_durably((places.temporary / kManifestFile).string(), text, 0600));
  SWARMLAB_CHECK(files.sync());
  fail_point(FailPoint::backup_before_rename);
  SWARMLAB_CHECK(move_to(places.temporary, places.backup));
  fail_point(FailPoint::backup_after_rename);
  return info;
}

}  // namespace

Result<BackupInfo> make_backup(const BackupSource& source, const BackupOrder& order,
                               const CancelToken& cancel) {
  SWARMLAB_TRY(places, places_for(source, order));
  SWARMLAB_CHECK(make_folders(places.folder.string(), 0700));
  remove_left_over(places.folder);
  SWARMLAB_CHECK(remove_tree(places.temporary.string()));
  SWARMLAB_CHECK(make_folders(places.temporary.string(), 0700));
  auto made = make_in(source, order, places, cancel);
  if (!made) {
    static_cast<void>(remove_tree(places.temporary.string()));
    static_cast<void>(remove_tree((source.state_folder / kCheckpoint).string()));
    return within("backup to " + places.backup.string(), made.error());
  }
  const BackupManifest note{.info = *made, .files = {}};
  SWARMLAB_CHECK(write_file((source.state_folder / kLastFile).string(), to_text(note)));
  if (order.keep > 0) SWARMLAB_CHECK(rotate(places.folder, order.keep));
  return made;
}

Result<fs::path> find_backup(const fs::path& path) {
  std::error_code error;
  if (fs::exists(path / kManifestFile, error)) return path;
  const std::vector<fs::path> found = backups_in(path);
  if (!found.empty()) return found.back();
  return fail(ErrorCode::not_found, "{} is no backup, and has none in it", path.string());
}

Result<BackupInfo> last_backup(const fs::path& state_folder) {
  constexpr std::uint64_t kMaxBytes = 64U << 10U;
  SWARMLAB_TRY(text, read_file((state_folder / kLastFile).string(), kMaxBytes));
  SWARMLAB_TRY(manifest, manifest_from(text));
  return manifest.info;
}

}  // namespace swarmlab::store
