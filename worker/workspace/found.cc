#include "worker/workspace/found.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace swarmlab::worker {
namespace {

bool is_that(int fd, const struct stat& about) {
  struct stat opened {};
  if (::fstat(fd, &opened) != 0) return false;
  const bool same = opened.st_dev == about.st_dev && opened.st_ino == about.st_ino &&
                    (opened.st_mode & S_IFMT) == (about.st_mode & S_IFMT);
  if (!same) errno = ESTALE;
  return same;
}

// By way of a descriptor that cannot be a link: fchmodat() would follow one.
bool add_mode(const Found& found, mode_t needed) {
  const UniqueFd entry(::openat(found.folder, found.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!entry || !is_that(entry.get(), found.about)) return false;
  const std::string itself = fmt::format("/proc/self/fd/{}", entry.get());
  return ::chmod(itself.c_str(), (found.about.st_mode & 0777U) | needed) == 0;
}

}  // namespace

UniqueFd open_found(const Found& found, int flags, mode_t needed) {
  const int all_flags = flags | O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  // Root opens all; but what it makes of the workspace must not depend on who runs the worker.
  if ((found.about.st_mode & needed) != needed && !add_mode(found, needed)) return UniqueFd();
  UniqueFd fd(::openat(found.folder, found.name.c_str(), all_flags));
  if (fd && !is_that(fd.get(), found.about)) return UniqueFd();
  return fd;
}

std::optional<std::string> read_open(int fd, std::uint64_t expected, std::uint64_t max_bytes) {
  std::string bytes(std::min(expected, max_bytes) + 1, '\0');
  std::size_t length = 0;
  for (;;) {
    const ssize_t got = ::read(fd, bytes.data() + length, bytes.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
    if (length > max_bytes) return std::nullopt;
    if (length == bytes.size()) bytes.resize(std::min<std::uint64_t>(2 * length, max_bytes) + 1);
  }
  bytes.resize(length);
  return bytes;
}

}  // namespace swarmlab::worker
