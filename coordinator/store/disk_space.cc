#include "coordinator/store/disk_space.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

#include "common/os/unique_fd.h"

namespace swarmlab::store {

namespace {

constexpr std::uint64_t kMiB = 1ULL << 20U;
// Files that may be made yet: tables, logs and packs need one each, and RocksDB aborts without.
constexpr std::uint64_t kReservedFiles = 64;
// As of bytes, half of it is for turns that looked before the last mark was crossed.
constexpr std::uint64_t kLastFiles = kReservedFiles / 2;

std::string_view what_is_not_done(DiskLevel level) {
  switch (level) {
    case DiskLevel::ok:
      return "ok";
    case DiskLevel::no_leases:
      return "no new work is given out";
    case DiskLevel::no_packs:
      return "no new work, and workers keep their candidates";
    case DiskLevel::read_only:
      return "nothing is written";
  }
  return "";
}

}  // namespace

Result<DiskSpace> disk_space(const std::filesystem::path& folder) {
  struct statvfs room {};
  if (::statvfs(folder.c_str(), &room) != 0) {
    return fail(ErrorCode::unavailable, "cannot tell the free space: {}", std::strerror(errno));
  }
  DiskSpace space{.bytes = static_cast<std::uint64_t>(room.f_bavail) * room.f_frsize};
  if (room.f_files > 0) space.files = room.f_favail;  // some file systems say 0 of 0
  return space;
}

Result<void> check_free(const DiskSpace& space, std::uint64_t needed) {
  if (space.files < kLastFiles) {
    return fail(
        ErrorCode::unavailable,
        "room for {} files, expected {} or more; nothing was written; remove files to go on",
        space.files, kLastFiles);
  }
  if (space.bytes >= needed) return {};
  return fail(ErrorCode::unavailable,
              "{} MB free, expected {} MB or more; nothing was written; free space to go on",
              space.bytes / kMiB, needed / kMiB);
}

Result<void> check_free(const std::filesystem::path& folder, std::uint64_t needed) {
  SWARMLAB_TRY(space, disk_space(folder));
  return check_free(space, needed);
}

DiskRoom disk_room(const DiskSpace& space, std::uint64_t reserve) {
  DiskRoom room{.level = DiskLevel::ok, .free_bytes = space.bytes, .text = "ok"};
  std::uint64_t marks = 3;  // of the reserve
  for (const DiskLevel level : {DiskLevel::no_leases, DiskLevel::no_packs, DiskLevel::read_only}) {
    if (space.bytes < marks * reserve || space.files < marks * kReservedFiles) room.level = level;
    --marks;
  }
  if (room.level == DiskLevel::ok) return room;
  const auto missing = static_cast<std::uint64_t>(room.level);
  room.text =
      space.bytes < (4 - missing) * reserve
          ? fmt::format("{}: {} MB free, expected {} MB or more", what_is_not_done(room.level),
                        space.bytes / kMiB, (4 - missing) * reserve / kMiB)
          : fmt::format("{}: room for {} files, expected {} or more", what_is_not_done(room.level),
                        space.files, (4 - missing) * kReservedFiles);
  return room;
}

void Ballast::release() const {
  std::error_code ignored;  // not there: nothing to give back
  std::filesystem::remove(file_, ignored);
}

void Ballast::restore(std::uint64_t reserve) const {
  std::error_code error;
  if (bytes_ == 0 || std::filesystem::file_size(file_, error) == bytes_) return;
  const auto space = disk_space(file_.parent_path());
  if (!space || space->bytes < reserve + bytes_) return;
  const UniqueFd file(::open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (file.get() < 0 || ::fallocate(file.get(), 0, 0, static_cast<off_t>(bytes_)) != 0) release();
}

}  // namespace swarmlab::store
