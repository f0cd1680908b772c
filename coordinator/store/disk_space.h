// Free space: what keeps RocksDB from meeting a full disk, on which it aborts the process.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>

#include "common/result.h"

namespace swarmlab::store {

// What an unprivileged process may still write.
struct DiskSpace {
  std::uint64_t bytes = 0;
  std::uint64_t files =
      std::numeric_limits<std::uint64_t>::max();  // inodes, where they are counted
};

/// Of the file system that `folder` is on. Costs one statvfs.
[[nodiscard]] Result<DiskSpace> disk_space(const std::filesystem::path& folder);

/// `unavailable` while less than `needed` bytes are free, or hardly a file can be made; says so.
[[nodiscard]] Result<void> check_free(const DiskSpace& space, std::uint64_t needed);
[[nodiscard]] Result<void> check_free(const std::filesystem::path& folder, std::uint64_t needed);

// How full a disk is, by three marks: at thrice, twice and once the reserve. Each begins earlier
// than the next one is needed, so that what is under way can still end.
enum class DiskLevel : std::uint8_t {
  ok,
  no_leases,  // no new work is given out
  no_packs,   // nor candidates taken: their workers keep them
  read_only,  // nor anything else written
};

struct DiskRoom {
  DiskLevel level = DiskLevel::ok;
  std::uint64_t free_bytes = 0;
  std::string text;  // for people: "ok", or what is not done, and why
};

[[nodiscard]] DiskRoom disk_room(const DiskSpace& space, std::uint64_t reserve);

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
