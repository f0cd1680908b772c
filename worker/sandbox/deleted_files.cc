#include "worker/sandbox/deleted_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <limits>
#include <memory>
#include <set>
#include <utility>

#include "common/os/folder_handle.h"
#include "common/result.h"

namespace swarmlab::sandbox {
namespace {

constexpr std::uint64_t kBlockBytes = 512;  // of st_blocks, whatever the file system's own are

struct Close {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

class Count {
 public:
  explicit Count(const std::vector<std::string>& folders) {
    struct stat entry {};
    for (const std::string& folder : folders) {
      if (::stat(folder.c_str(), &entry) == 0) devices_.insert(entry.st_dev);
    }
  }

  void look_into(pid_t process) {
    const std::unique_ptr<DIR, Close> open(::opendir(fmt::format("/proc/{}/fd", process).c_str()));
    if (!open) return;
    while (const dirent* entry = ::readdir(open.get())) {
      if (++looked_at_ > kMaxDescriptors) return;
      struct stat file {};
      if (::fstatat(::dirfd(open.get()), entry->d_name, &file, 0) == 0) add(file);
    }
  }

  [[nodiscard]] std::uint64_t bytes() const {
    return looked_at_ > kMaxDescriptors ? std::numeric_limits<std::uint64_t>::max() : bytes_;
  }

 private:
  void add(const struct stat& file) {
    if (!S_ISREG(file.st_mode) || file.st_nlink > 0 || !devices_.contains(file.st_dev)) return;
    if (!seen_.emplace(file.st_dev, file.st_ino).second) return;
    bytes_ += static_cast<std::uint64_t>(file.st_blocks) * kBlockBytes;
  }

  std::set<dev_t> devices_;
  std::set<std::pair<dev_t, ino_t>> seen_;
  std::size_t looked_at_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace

std::uint64_t bytes_of_deleted_files(const std::vector<pid_t>& processes,
                                     const std::vector<std::string>& folders) {
  Count count(folders);
  for (const pid_t process : processes) count.look_into(process);
  return count.bytes();
}

}  // namespace swarmlab::sandbox
