#include "common/os/folder_size.h"

#include <system_error>

namespace swarmlab {

namespace fs = std::filesystem;

std::uint64_t bytes_below(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error);
  for (const fs::recursive_directory_iterator end; !error && at != end; at.increment(error)) {
    std::error_code gone;
    if (at->is_symlink(gone) || !at->is_regular_file(gone)) continue;
    const std::uintmax_t size = at->file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

std::map<std::string, std::uint64_t> FolderSizes::bytes() {
  const std::lock_guard lock(mutex_);
  if (until_.expired()) {
    for (const auto& [name, folder] : folders_) bytes_[name] = bytes_below(folder);
    until_ = Deadline::after(hold_);
  }
  return bytes_;
}

}  // namespace swarmlab
