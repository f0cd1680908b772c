// The manifest of a backup: what it is of, and every file with size and SHA-256. Text, with a
// checksum of its own in the last line.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "common/result.h"
#include "coordinator/store/backup.h"

namespace swarmlab::store {

struct BackedUpFile {
  std::uint64_t bytes = 0;
  std::string sha256;
  // Which file it was made from: device, inode, time of change. The same again is the same content,
  // for files that are never written twice.
  std::string original;
};

struct BackupManifest {
  BackupInfo info;
  std::map<std::string, BackedUpFile> files;  // by path within the backup
};

[[nodiscard]] std::string to_text(const BackupManifest& manifest);
/// `corrupt` if a byte of it is not as it was written; invalid_input: of a newer release.
[[nodiscard]] Result<BackupManifest> manifest_from(std::string_view text);
/// Of the backup in this folder. not_found: it is none.
[[nodiscard]] Result<BackupManifest> read_manifest(const std::filesystem::path& backup);

}  // namespace swarmlab::store
