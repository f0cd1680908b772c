#include "coordinator/store/backup_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "common/os/file.h"
#include "common/os/sha256.h"
#include "common/os/unique_fd.h"

namespace swarmlab::store {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChunk = 1U << 20U;
// What waits for the disk at most: the store's own syncs stand behind it.
constexpr std::uint64_t kUnsynced = 4ULL << 20U;

tl::unexpected<Error> failed(std::string_view what, const fs::path& path) {
  const ErrorCode code = errno == ENOENT ? ErrorCode::not_found : ErrorCode::unavailable;
  return fail(code, "{}: cannot {}: {}", path.string(), what, std::strerror(errno));
}

Result<void> write_all(int file, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

std::string original_of(const struct stat& about) {
  return fmt::format("{}:{}:{}.{:09}", about.st_dev, about.st_ino, about.st_mtim.tv_sec,
                     about.st_mtim.tv_nsec);
}

// Reads `from` to its end; writes to `to`, if that is a file.
Result<BackedUpFile> pump(const UniqueFd& from, const fs::path& name, const UniqueFd& to,
                          const fs::path& to_name, const CancelToken& cancel) {
  BackedUpFile file;
  Sha256 sum;
  std::string chunk(kChunk, '\0');
  std::uint64_t unsynced = 0;
  while (true) {
    if (cancel.cancelled()) return fail(ErrorCode::unavailable, "was cancelled");
    const ssize_t got = ::read(from.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read", name);
    if (got == 0) break;
    const std::string_view bytes(chunk.data(), static_cast<std::size_t>(got));
    sum.add(bytes);
    file.bytes += bytes.size();
    if (!to) continue;
    SWARMLAB_CHECK(write_all(to.get(), bytes, to_name));
    unsynced += bytes.size();
    if (unsynced < kUnsynced) continue;
    if (::fdatasync(to.get()) != 0) return failed("sync", to_name);
    unsynced = 0;
  }
  if (to && ::fsync(to.get()) != 0) return failed("sync", to_name);
  file.sha256 = sum.hex();
  return file;
}

Result<UniqueFd> create(const fs::path& path) {
  UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return failed("create", path);
  return file;
}

}  // namespace

Result<BackedUpFile> copy_and_sum(const fs::path& from, const fs::path& to,
                                  const CancelToken& cancel) {
  const UniqueFd source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source) return failed("open", from);
  UniqueFd target;
  if (!to.empty()) {
    SWARMLAB_TRY(made, create(to));
    target = std::move(made);
  }
  return pump(source, from, target, to, cancel);
}

Result<void> sync_folders(const fs::path& folder) {
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->is_directory(error)) SWARMLAB_CHECK(sync_folder(entry->path().string()));
  }
  if (error) {
    return fail(ErrorCode::unavailable, "{}: cannot be listed: {}", folder.string(),
                error.message());
  }
  return sync_folder(folder.string());
}

Result<void> BackupFiles::copy(const fs::path& from, const std::string& name) {
  return add(from, name, false);
}

Result<void> BackupFiles::link(const fs::path& from, const std::string& name) {
  return add(from, name, true);
}

bool BackupFiles::link_to_base(const std::string& name, const BackedUpFile& file) {
  if (base_ == nullptr) return false;
  const auto known = base_->files.find(name);
  if (known == base_->files.end() || known->second.bytes != file.bytes ||
      known->second.original != file.original) {
    return false;
  }
  if (::link((base_folder_ / name).c_str(), (folder_ / name).c_str()) != 0) return false;
  manifest_.files[name] = known->second;
  return true;
}

Result<void> BackupFiles::add(const fs::path& from, const std::string& name, bool may_link) {
  if (manifest_.files.contains(name)) return {};
  const fs::path to = folder_ / name;
  SWARMLAB_CHECK(make_folders(to.parent_path().string(), 0700));
  const UniqueFd source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source) return failed("open", from);
  struct stat about {};
  if (::fstat(source.get(), &about) != 0) return failed("look at", from);
  const BackedUpFile known{.bytes = static_cast<std::uint64_t>(about.st_size),
                           .sha256 = {},
                           .original = original_of(about)};
  if (may_link && link_to_base(name, known)) return {};
  UniqueFd target;
  // Other file systems, and files that others own, cannot be linked: they are copied.
  if (!may_link || ::link(from.c_str(), to.c_str()) != 0) {
    SWARMLAB_TRY(made, create(to));
    target = std::move(made);
  }
  SWARMLAB_TRY(file, pump(source, from, target, to, cancel_));
  if (target) manifest_.info.copied_bytes += file.bytes;
  file.original = known.original;
  manifest_.files[name] = file;
  return {};
}

Result<void> BackupFiles::make_folder(const std::string& name) {
  return make_folders((folder_ / name).string(), 0700);
}

Result<void> BackupFiles::sync() const {
  return sync_folders(folder_);
}

}  // namespace swarmlab::store
