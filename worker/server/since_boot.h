// Folders of files that are not synced: they last as long as the kernel that has them in memory. A
// crash of ours does them no harm, one of the machine may leave files that are there by name only.
#pragma once

#include <string>

#include "common/os/file.h"
#include "common/result.h"

namespace swarmlab::worker {

/// Makes the folder if it is missing, and empties it if it was filled before this machine started.
[[nodiscard]] inline Result<void> make_folder_of_this_boot(const std::string& folder) {
  constexpr std::uint64_t kMostBytes = 100;
  const std::string mark = folder + "/filled-since-boot";
  const std::string boot =
      read_file("/proc/sys/kernel/random/boot_id", kMostBytes).value_or("unknown");
  if (read_file(mark, kMostBytes).value_or("") == boot) return {};
  SWARMLAB_CHECK(remove_tree(folder));
  SWARMLAB_CHECK(make_folders(folder, 0700));
  return write_file(mark, boot);
}

}  // namespace swarmlab::worker
