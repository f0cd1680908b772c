// Free space: what keeps RocksDB from meeting a full disk, on which it aborts the process.
#pragma once

#include <cstdint>
#include <filesystem>

#include "common/result.h"

namespace swarmlab::store {

/// Bytes that an unprivileged process may still write on the file system that `folder` is on.
[[nodiscard]] Result<std::uint64_t> free_bytes(const std::filesystem::path& folder);

/// `unavailable` if `free` is less than `needed` bytes, and says so.
[[nodiscard]] Result<void> check_free(std::uint64_t free, std::uint64_t needed);
/// `unavailable` while less than `needed` bytes are free, and says so.
[[nodiscard]] Result<void> check_free(const std::filesystem::path& folder, std::uint64_t needed);

// A file that holds nothing: on a full disk it is given back, so that a store can still be opened.
class Ballast {
 public:
  Ballast(std::filesystem::path file, std::uint64_t bytes)
      : file_(std::move(file)), bytes_(bytes) {}

  void release() const;
  /// Makes the file anew if there is room for it above `reserve`. Best effort: no room, no file.
  void restore(std::uint64_t reserve) const;

 private:
  std::filesystem::path file_;
  std::uint64_t bytes_;
};

}  // namespace swarmlab::store
