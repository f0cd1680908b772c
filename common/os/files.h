// The files of a disk, for those who must not lose one: the machine's, or a disk of a test that
// fails when it is told. What is promised of each call: file.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace swarmlab {

/// Thread-safe.
class Files {
 public:
  Files() = default;
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  Files(Files&&) = delete;
  Files& operator=(Files&&) = delete;
  virtual ~Files() = default;

  virtual Result<void> make_folders(const std::string& path) = 0;
  /// The paths of what is in a folder, sorted. not_found if there is no such folder.
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;
  [[nodiscard]] virtual Result<std::string> read(const std::string& path,
                                                 std::uint64_t max_bytes) = 0;
  virtual Result<void> write_durably(const std::string& path, std::string_view bytes) = 0;
  /// Not synced: after a power loss it may not have happened.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  /// Not synced either. Fine if there is nothing.
  virtual Result<void> remove(const std::string& path) = 0;
  /// What may still be written where `folder` is; 0 if no file can be made. A disk of a test is
  /// endless unless it says otherwise.
  [[nodiscard]] virtual Result<std::uint64_t> free_bytes(const std::string& folder);
};

/// It has no state: the same for all.
[[nodiscard]] Files& system_files();

}  // namespace swarmlab
