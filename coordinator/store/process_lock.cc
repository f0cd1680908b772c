#include "coordinator/store/process_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace swarmlab::store {

namespace {

std::string holder(int file) {
  std::array<char, 24> text{};
  const ssize_t size = ::pread(file, text.data(), text.size(), 0);
  if (size <= 0) return "another process";
  const std::string pid(text.data(), static_cast<std::size_t>(size));
  return "process " + pid.substr(0, pid.find('\n'));
}

Result<void> lock(int file) {
  if (::flock(file, LOCK_EX | LOCK_NB) == 0) return {};
  if (errno == EWOULDBLOCK) return fail(ErrorCode::conflict, "{} has it open", holder(file));
  return fail(ErrorCode::unavailable, "cannot be locked: {}", std::strerror(errno));
}

}  // namespace

Result<ProcessLock> ProcessLock::take(const std::filesystem::path& path) {
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!file) {
    return fail(ErrorCode::unavailable, "{} cannot be opened: {}", path.string(),
                std::strerror(errno));
  }
  SWARMLAB_CHECK(lock(file.get()));
  const std::string pid = std::to_string(::getpid()) + "\n";
  // Only for messages: without it the lock holds as well.
  if (::ftruncate(file.get(), 0) == 0) {
    [[maybe_unused]] const ssize_t written = ::pwrite(file.get(), pid.data(), pid.size(), 0);
  }
  return ProcessLock(std::move(file));
}

Result<void> ProcessLock::check_free(const std::filesystem::path& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return {};  // never locked, or another user's: reading the store will tell
  return lock(file.get());
}

}  // namespace swarmlab::store
