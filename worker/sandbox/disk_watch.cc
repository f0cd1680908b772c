#include "worker/sandbox/disk_watch.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <string_view>

#include "common/os/unique_fd.h"

namespace swarmlab::sandbox {
namespace {

bool lies_below(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() && path.starts_with(folder) &&
         (folder.ends_with('/') || path[folder.size()] == '/');
}

constexpr std::uint64_t kStatBlockBytes = 512;  // of st_blocks, whatever the file system's own are

}  // namespace

DiskWatch::DiskWatch(std::vector<std::string> folders, std::uint64_t limit_bytes)
    : folders_(std::move(folders)), limit_(limit_bytes) {
  std::sort(folders_.begin(), folders_.end());
  folders_.erase(std::unique(folders_.begin(), folders_.end()), folders_.end());
  const std::vector<std::string> all = folders_;
  std::erase_if(folders_, [&](const std::string& path) {
    return std::any_of(all.begin(), all.end(),
                       [&](const std::string& folder) { return lies_below(path, folder); });
  });
}

bool DiskWatch::step(std::size_t entries) {
  if (limit_ == 0 || folders_.empty()) return false;
  if (besides_ > limit_) exceeded_ = true;
  if (!walking_) begin();
  while (walking_ && entries-- > 0 && !exceeded_) {
    walking_ = advance();
    exceeded_ = bytes_ > limit_ - besides_;
  }
  return exceeded_;
}

bool DiskWatch::check_all() {
  open_.clear();
  walking_ = false;
  return step(std::numeric_limits<std::size_t>::max());
}

void DiskWatch::begin() {
  walking_ = true;
  bytes_ = 0;
  next_folder_ = 0;
}

bool DiskWatch::advance() {
  if (open_.empty()) {
    if (next_folder_ == folders_.size()) return false;
    enter(AT_FDCWD, folders_[next_folder_++].c_str());
    return true;
  }
  const dirent* entry = ::readdir(open_.back().get());
  if (entry == nullptr) {
    open_.pop_back();
    return true;
  }
  const std::string_view name = entry->d_name;
  if (name != "." && name != "..") enter(::dirfd(open_.back().get()), entry->d_name);
  return true;
}

// Counts an entry. Whatever vanishes meanwhile holds nothing any more.
void DiskWatch::enter(int parent, const char* name) {
  struct stat entry {};
  if (::fstatat(parent, name, &entry, AT_SYMLINK_NOFOLLOW) != 0) return;
  bytes_ += std::max(static_cast<std::uint64_t>(entry.st_blocks) * kStatBlockBytes, kEntryBytes);
  if (!S_ISDIR(entry.st_mode)) return;
  UniqueFd fd(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (open_.size() >= kMaxDepth || (!fd && errno == EACCES)) {
    bytes_ = std::numeric_limits<std::uint64_t>::max();
  }
  if (!fd || open_.size() >= kMaxDepth) return;
  if (FolderHandle folder(::fdopendir(fd.get())); folder) {
    [[maybe_unused]] const int owned = fd.release();
    open_.push_back(std::move(folder));
  }
}

}  // namespace swarmlab::sandbox
