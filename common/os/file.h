// Files that are whole or not there: bounded reads, durable writes, trees that go away for good.
// Every function may be called from any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace swarmlab {

/// The bytes of a regular file. `not_found` if there is none, `invalid_input` if it is larger than
/// `max_bytes` or no regular file.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::uint64_t max_bytes);

/// After success the file has these bytes, also after a power loss; until then it has its old ones
/// (temporary file, fsync, rename, fsync of the folder). The folder must exist. `unavailable` on a
/// full disk.
[[nodiscard]] Result<void> write_file_durably(const std::string& path, std::string_view bytes,
                                              mode_t mode = 0644);

/// As write_file_durably, without the syncs: whole or not there for other processes, not for power
/// loss.
[[nodiscard]] Result<void> write_file(const std::string& path, std::string_view bytes,
                                      mode_t mode = 0644);

/// Creates the folder and what is missing above it.
[[nodiscard]] Result<void> make_folders(const std::string& path, mode_t mode = 0755);

/// Makes the entries of a folder durable (renames, new files, removals in it).
[[nodiscard]] Result<void> sync_folder(const std::string& path);

/// Makes the bytes of a file durable; its name is the folder's matter.
[[nodiscard]] Result<void> sync_file(const std::string& path);

/// Removes a file or a folder with all that is in it. Never follows a link, nor leaves the mount
/// that `path` is on; copes with folders that their owner may not write. Fine if there is nothing.
[[nodiscard]] Result<void> remove_tree(const std::string& path);

// A new folder of its own (mode 0700), removed with all that is in it at the end of its scope.
class TempFolder {
 public:
  /// A new folder "PREFIX-xxxxxx" in `parent`, which must exist.
  [[nodiscard]] static Result<TempFolder> create(const std::string& parent,
                                                 std::string_view prefix);
  TempFolder(TempFolder&& other) noexcept;
  TempFolder& operator=(TempFolder&& other) noexcept;
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder();

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Keeps the folder; the caller removes it.
  [[nodiscard]] std::string release();

 private:
  explicit TempFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;  // empty: nothing to remove
};

}  // namespace swarmlab
