// Backups: the store and the objects as of one moment, in a folder that is there as a whole or not
// at all. The store is taken first (a checkpoint), the objects after it: so they have at least what
// the store names (I5). A manifest lists every file with its SHA-256.
//
// What has not changed since the last backup of the same folder is linked to it; what is on the
// same file system is linked to the original. Tables and packs never change once they are written,
// so a link is as good as a copy, but for a disk that rots or dies: it takes both.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "common/os/cancel.h"
#include "common/result.h"
#include "common/strong_id.h"

namespace swarmlab::store {

inline constexpr const char* kManifestFile = "swarmlab-backup";

struct BackupInfo {
  std::filesystem::path path;
  Timestamp taken;
  std::string version;       // of the release that took it
  std::uint32_t schema = 0;  // of the store
  Sequence sequence;         // of the last event in it
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t copied_bytes = 0;  // the others are links
  Milliseconds took{0};
};

struct BackupSource {
  std::filesystem::path state_folder;  // holds store/ and objects.git/
  // Makes a checkpoint of the open store in a folder that is not there yet. None: no process has
  // the store open, and none can open it before the backup is done; it is copied as it lies.
  std::function<Result<void>(const std::filesystem::path& to)> checkpoint{};
};

struct BackupOrder {
  std::filesystem::path destination;
  // 0: `destination` becomes the backup, and must not be there. Else it is a folder of backups, one
  // more is made in it, and of all only so many of the newest are kept.
  std::uint32_t keep = 0;
  std::string version;
  Timestamp now;
};

/// From any thread. invalid_input: the destination is there, or within what is saved. A backup that
/// fails or is cancelled leaves nothing.
[[nodiscard]] Result<BackupInfo> make_backup(const BackupSource& source, const BackupOrder& order,
                                             const CancelToken& cancel = {});

/// The backup at `path`: itself, or the newest in it. not_found if there is none.
[[nodiscard]] Result<std::filesystem::path> find_backup(const std::filesystem::path& path);

/// Reads every file and holds it against the manifest; opens the store and looks for every commit
/// that it names. `corrupt`, with the file, if something is wrong. Changes nothing.
[[nodiscard]] Result<BackupInfo> verify_backup(const std::filesystem::path& backup);

/// The last backup of the swarm in this state folder, as its maker noted it; not_found: none.
[[nodiscard]] Result<BackupInfo> last_backup(const std::filesystem::path& state_folder);

}  // namespace swarmlab::store
