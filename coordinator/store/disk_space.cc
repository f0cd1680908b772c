#include "coordinator/store/disk_space.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "common/os/unique_fd.h"

namespace swarmlab::store {

namespace {
constexpr std::uint64_t kMiB = 1ULL << 20U;
}

Result<std::uint64_t> free_bytes(const std::filesystem::path& folder) {
  struct statvfs room {};
  if (::statvfs(folder.c_str(), &room) != 0) {
    return fail(ErrorCode::unavailable, "cannot tell the free space: {}", std::strerror(errno));
  }
  return static_cast<std::uint64_t>(room.f_bavail) * room.f_frsize;
}

Result<void> check_free(const std::filesystem::path& folder, std::uint64_t needed) {
  SWARMLAB_TRY(free, free_bytes(folder));
  return check_free(free, needed);
}

Result<void> check_free(std::uint64_t free, std::uint64_t needed) {
  if (free >= needed) return {};
  return fail(ErrorCode::unavailable,
              "{} MB free, expected {} MB or more; nothing was written; free space to go on",
              free / kMiB, needed / kMiB);
}

void Ballast::release() const {
  std::error_code ignored;  // not there: nothing to give back
  std::filesystem::remove(file_, ignored);
}

void Ballast::restore(std::uint64_t reserve) const {
  std::error_code error;
  if (bytes_ == 0 || std::filesystem::file_size(file_, error) == bytes_) return;
  const auto free = free_bytes(file_.parent_path());
  if (!free || *free < reserve + bytes_) return;
  const UniqueFd file(::open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (file.get() < 0 || ::fallocate(file.get(), 0, 0, static_cast<off_t>(bytes_)) != 0) release();
}

}  // namespace swarmlab::store
