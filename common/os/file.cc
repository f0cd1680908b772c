#include "common/os/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "common/os/folder_handle.h"
#include "common/os/unique_fd.h"

namespace swarmlab {
namespace {

tl::unexpected<Error> failed(std::string_view what, const std::string& path, int error) {
  const ErrorCode code = error == ENOENT                       ? ErrorCode::not_found
                         : error == ENOSPC || error == EDQUOT  ? ErrorCode::unavailable
                         : error == EEXIST                     ? ErrorCode::conflict
                         : error == ENOTDIR || error == EISDIR ? ErrorCode::invalid_input
                                                               : ErrorCode::internal;
  return fail(code, "{}: cannot {}: {}", path, what, std::strerror(error));
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// Distinct within a process by the counter, between processes by the process id.
std::string temporary_beside(const std::string& path) {
  static std::atomic<std::uint64_t> counter{0};  // NOLINT: names only, no state that others see
  return fmt::format("{}.tmp-{}-{}", path, ::getpid(), counter.fetch_add(1));
}

Result<void> write_whole(const std::string& path, std::string_view bytes, mode_t mode, bool sync) {
  const std::string temporary = temporary_beside(path);
  const auto give_up = [&](tl::unexpected<Error> error) {
    ::unlink(temporary.c_str());
    return error;
  };
  UniqueFd file(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!file) return failed("create", temporary, errno);
  if (auto written = write_all(file.get(), bytes, temporary); !written) {
    return give_up(tl::unexpected(written.error()));
  }
  if (::fchmod(file.get(), mode) != 0) return give_up(failed("set the mode of", temporary, errno));
  if (sync && ::fsync(file.get()) != 0) return give_up(failed("sync", temporary, errno));
  file.reset();
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return give_up(failed("rename to", path, errno));
  }
  return sync ? sync_folder(folder_of(path)) : Result<void>{};
}

// Opens a folder for listing and removing in it, also one whose owner (we) lost the right to.
UniqueFd open_to_empty(int parent, const char* name, dev_t device) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd folder(::openat(parent, name, kFlags));
  if (!folder && errno == EACCES) {
    // fchmodat() follows links, but a link gives ENOTDIR or ELOOP above, never EACCES of its own.
    if (::fchmodat(parent, name, 0700, 0) == 0) folder.reset(::openat(parent, name, kFlags));
  }
  if (!folder) return folder;
  struct stat about {};
  if (::fstat(folder.get(), &about) != 0) return UniqueFd();
  if (about.st_dev != device) {
    errno = EXDEV;
    return UniqueFd();
  }
  if ((about.st_mode & 0700U) != 0700U) ::fchmod(folder.get(), 0700);
  return folder;
}

// Empties a folder level by level. A hostile tree may be deeper than we may open folders: what lies
// below kDeepest is moved up to the top first, and met again there.
class Emptying {
 public:
  Emptying(int parent, std::string root, dev_t device)
      : parent_(parent), root_(std::move(root)), device_(device) {}

  Result<void> run() {
    SWARMLAB_CHECK(enter(parent_, root_));
    while (!stack_.empty()) {
      const dirent* entry = ::readdir(stack_.back().listing.get());
      SWARMLAB_CHECK(entry == nullptr ? leave() : remove(entry->d_name));
    }
    return {};
  }

 private:
  static constexpr std::size_t kDeepest = 64;
  struct Level {
    FolderHandle listing;
    std::string name;  // in the level above
  };

  Result<void> enter(int parent, const std::string& name) {
    UniqueFd opened = open_to_empty(parent, name.c_str(), device_);
    if (!opened) return failed("open for removal", place(name), errno);
    FolderHandle listing(::fdopendir(opened.get()));
    if (!listing) return failed("list", place(name), errno);
    [[maybe_unused]] const int owned_by_listing = opened.release();
    stack_.push_back({std::move(listing), name});
    return {};
  }

  Result<void> leave() {
    if (stack_.size() == 1 && std::exchange(moved_up_, false)) {
      ::rewinddir(stack_.back().listing.get());
      return {};
    }
    const std::string done = std::move(stack_.back().name);
    stack_.pop_back();
    const int above = stack_.empty() ? parent_ : here();
    if (::unlinkat(above, done.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
      return failed("remove", place(done), errno);
    }
    return {};
  }

  Result<void> remove(const std::string& name) {
    if (name == "." || name == ".." || ::unlinkat(here(), name.c_str(), 0) == 0) return {};
    if (errno == ENOENT) return {};
    if (errno != EISDIR) return failed("remove", place(name), errno);
    if (stack_.size() < kDeepest) return enter(here(), name);
    const std::string aside = fmt::format(".swarmlab-deep-{}", next_aside_++);
    if (::renameat(here(), name.c_str(), ::dirfd(stack_.front().listing.get()), aside.c_str()) !=
        0) {
      return failed("move up", place(name), errno);
    }
    moved_up_ = true;
    return {};
  }

  [[nodiscard]] int here() const { return ::dirfd(stack_.back().listing.get()); }
  [[nodiscard]] std::string place(const std::string& name) const {
    return name == root_ ? root_ : root_ + " (" + name + ")";
  }

  int parent_;
  std::string root_;
  dev_t device_;
  std::vector<Level> stack_;
  bool moved_up_ = false;
  std::uint64_t next_aside_ = 0;
};

}  // namespace

Result<std::string> read_file(const std::string& path, std::uint64_t max_bytes) {
  // O_NONBLOCK: a fifo in the place of the file must not hang us.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return failed("open", path, errno);
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) return failed("look at", path, errno);
  if (!S_ISREG(about.st_mode)) {
    return fail(ErrorCode::invalid_input, "{}: is no regular file", path);
  }
  const auto size = static_cast<std::uint64_t>(about.st_size);
  if (size > max_bytes) {
    return fail(ErrorCode::invalid_input, "{}: has {} bytes, expected at most {}", path, size,
                max_bytes);
  }
  std::string bytes;
  std::string chunk(std::min<std::uint64_t>(size + 1, 1U << 20U), '\0');
  for (;;) {  // until the end, not until st_size: files of /proc and /sys say 0
    const ssize_t got = ::read(file.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read", path, errno);
    if (got == 0) return bytes;
    bytes.append(chunk, 0, static_cast<std::size_t>(got));
    if (bytes.size() > max_bytes) {
      return fail(ErrorCode::invalid_input, "{}: grew beyond {} bytes while it was read", path,
                  max_bytes);
    }
    if (chunk.size() < 4096) chunk.resize(65536);
  }
}

Result<void> write_file_durably(const std::string& path, std::string_view bytes, mode_t mode) {
  return write_whole(path, bytes, mode, true);
}

Result<void> write_file(const std::string& path, std::string_view bytes, mode_t mode) {
  return write_whole(path, bytes, mode, false);
}

Result<void> make_folders(const std::string& path, mode_t mode) {
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string part = path.substr(0, end);
    if (part.empty() || ::mkdir(part.c_str(), mode) == 0) continue;
    const int error = errno;
    struct stat about {};
    if (::stat(part.c_str(), &about) != 0) return failed("create folder", part, error);
    if (!S_ISDIR(about.st_mode)) return fail(ErrorCode::invalid_input, "{}: is no folder", part);
  }
  return {};
}

Result<void> sync_folder(const std::string& path) {
  const UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return failed("open folder", path, errno);
  if (::fsync(folder.get()) != 0) return failed("sync folder", path, errno);
  return {};
}

Result<void> sync_file(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return failed("open", path, errno);
  if (::fsync(file.get()) != 0) return failed("sync", path, errno);
  return {};
}

Result<void> remove_tree(const std::string& path) {
  std::string plain = path;
  while (plain.size() > 1 && plain.back() == '/') plain.pop_back();
  struct stat about {};
  if (::lstat(plain.c_str(), &about) != 0) {
    if (errno == ENOENT) return {};
    return failed("look at", plain, errno);
  }
  if (!S_ISDIR(about.st_mode)) {
    if (::unlink(plain.c_str()) != 0 && errno != ENOENT) return failed("remove", plain, errno);
    return {};
  }
  return Emptying(AT_FDCWD, plain, about.st_dev).run();
}

Result<TempFolder> TempFolder::create(const std::string& parent, std::string_view prefix) {
  std::string path = fmt::format("{}/{}-XXXXXX", parent, prefix);
  if (::mkdtemp(path.data()) == nullptr) return failed("create a temporary folder", path, errno);
  return TempFolder(std::move(path));
}

TempFolder::TempFolder(TempFolder&& other) noexcept : path_(other.release()) {}

TempFolder& TempFolder::operator=(TempFolder&& other) noexcept {
  if (this != &other) {
    const TempFolder old(std::exchange(path_, other.release()));
  }
  return *this;
}

TempFolder::~TempFolder() {
  // Nobody is there to tell; what stays is found by the next start's cleaning.
  if (!path_.empty()) static_cast<void>(remove_tree(path_));
}

std::string TempFolder::release() {
  return std::exchange(path_, std::string());
}

}  // namespace swarmlab
