// Puts a backup back. The numbers of tasks, leases and experiments jump ahead: whatever was given
// out after the backup was taken is answered as stale, and never taken for something else.
#pragma once

#include <filesystem>

#include "common/result.h"
#include "coordinator/store/backup.h"

namespace swarmlab::store {

/// Verifies the backup, then makes store/ and objects.git/ in `state_folder`. Refuses, with nothing
/// changed: a damaged backup (corrupt, names the file), and a folder that has either of them
/// (conflict), unless an earlier restore was interrupted there: then it begins anew.
/// Until it is done the store cannot be opened.
[[nodiscard]] Result<BackupInfo> restore_backup(const std::filesystem::path& backup,
                                                const std::filesystem::path& state_folder,
                                                Timestamp now);

/// `unavailable` if a restore of the store in this folder was interrupted.
[[nodiscard]] Result<void> check_restored(const std::filesystem::path& store);

}  // namespace swarmlab::store
