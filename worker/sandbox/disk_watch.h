// Watches what a sandbox writes to disk while it runs: the blocks below its writable folders.
#pragma once

#include <dirent.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/os/folder_handle.h"

namespace swarmlab::sandbox {

/// Counts each entry as kEntryBytes at least, so that a limit of bytes limits the number of files
/// too. Walks in portions, so that a folder with millions of files delays no deadline. Follows no
/// links. A folder that we may not read, or that is nested deeper than kMaxDepth, counts as over
/// every limit: it could hide what it holds.
class DiskWatch {
 public:
  static constexpr std::size_t kMaxDepth = 100;
  // What ext4 has on disk for each of its inodes: to use up these takes no less than the disk.
  static constexpr std::uint64_t kEntryBytes = 16UL << 10U;

  /// `folders` may be files too. One that lies below another counts once.
  DiskWatch(std::vector<std::string> folders, std::uint64_t limit_bytes);

  /// Goes on with the walk for at most `entries` entries. \return  whether the limit is exceeded,
  /// as far as this walk or an earlier one saw. A walk that is done starts anew with the next call.
  [[nodiscard]] bool step(std::size_t entries);
  /// Whether a walk is under way.
  [[nodiscard]] bool walking() const { return walking_; }
  /// One whole walk.
  [[nodiscard]] bool check_all();
  /// What counts besides all that a walk finds, from now on.
  void count_besides(std::uint64_t bytes) { besides_ = bytes; }
  [[nodiscard]] const std::vector<std::string>& folders() const { return folders_; }

 private:
  void begin();
  bool advance();  // false: the walk is done
  void enter(int parent, const char* name);

  std::vector<std::string> folders_;
  std::uint64_t limit_;
  std::uint64_t bytes_ = 0;
  std::uint64_t besides_ = 0;
  bool exceeded_ = false;
  bool walking_ = false;
  std::size_t next_folder_ = 0;
  std::vector<FolderHandle> open_;
};

}  // namespace swarmlab::sandbox
