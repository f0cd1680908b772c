// Copies files into a backup, or out of one: durable, with their checksums, in pieces so that the
// disk is not busy for long, and so that it can be cancelled.
#pragma once

#include <filesystem>
#include <string>

#include "common/os/cancel.h"
#include "common/result.h"
#include "coordinator/store/backup_manifest.h"

namespace swarmlab::store {

class BackupFiles {
 public:
  /// Into `folder`, which is there. `base`, if it is not null, is an earlier backup of the same
  /// swarm, in `base_folder`; it must outlive this.
  BackupFiles(std::filesystem::path folder, const BackupManifest* base,
              std::filesystem::path base_folder, const CancelToken& cancel)
      : folder_(std::move(folder)),
        base_(base),
        base_folder_(std::move(base_folder)),
        cancel_(cancel) {}

  /// A file that changes: it is copied. not_found if it is gone.
  Result<void> copy(const std::filesystem::path& from, const std::string& name);
  /// A file that never changes once it is there: linked if that can be. not_found if it is gone.
  Result<void> link(const std::filesystem::path& from, const std::string& name);

  Result<void> make_folder(const std::string& name);

  /// All folders on disk.
  Result<void> sync() const;

  [[nodiscard]] BackupManifest& manifest() { return manifest_; }

 private:
  Result<void> add(const std::filesystem::path& from, const std::string& name, bool may_link);
  [[nodiscard]] bool link_to_base(const std::string& name, const BackedUpFile& file);

  std::filesystem::path folder_;
  const BackupManifest* base_;
  std::filesystem::path base_folder_;
  const CancelToken& cancel_;
  BackupManifest manifest_;
};

/// SHA-256 of the file; it is copied into `to` as well, unless that is empty. Durable.
[[nodiscard]] Result<BackedUpFile> copy_and_sum(const std::filesystem::path& from,
                                                const std::filesystem::path& to,
                                                const CancelToken& cancel);

/// Syncs a folder and all folders in it.
[[nodiscard]] Result<void> sync_folders(const std::filesystem::path& folder);

}  // namespace swarmlab::store
