#include "common/os/files.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <limits>

#include "common/os/file.h"

namespace swarmlab {
namespace {

class SystemFiles final : public Files {
 public:
  Result<void> make_folders(const std::string& path) override {
    return swarmlab::make_folders(path);
  }

  Result<std::vector<std::string>> list(const std::string& folder) override {
    std::vector<std::string> paths;
    std::error_code error;
    std::filesystem::directory_iterator entries(folder, error);
    for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
      paths.push_back(entries->path().string());
    }
    if (error == std::errc::no_such_file_or_directory) {
      return fail(ErrorCode::not_found, "{}: {}", folder, error.message());
    }
    if (error) return fail(ErrorCode::unavailable, "{}: {}", folder, error.message());
    std::ranges::sort(paths);
    return paths;
  }

  Result<std::string> read(const std::string& path, std::uint64_t max_bytes) override {
    return read_file(path, max_bytes);
  }

  Result<void> write_durably(const std::string& path, std::string_view bytes) override {
    return write_file_durably(path, bytes);
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    std::error_code error;
    std::filesystem::rename(from, to, error);
    if (error) return fail(ErrorCode::unavailable, "{}: {}", from, error.message());
    return {};
  }

  Result<void> remove(const std::string& path) override { return remove_tree(path); }

  Result<std::uint64_t> free_bytes(const std::string& folder) override {
    struct statvfs room {};
    if (::statvfs(folder.c_str(), &room) != 0) {
      return fail(ErrorCode::unavailable, "{}: cannot tell the free space: {}", folder,
                  std::strerror(errno));
    }
    constexpr std::uint64_t kLeastFiles = 16;
    if (room.f_files > 0 && room.f_favail < kLeastFiles) return 0;  // some count none: 0 of 0
    return static_cast<std::uint64_t>(room.f_bavail) * room.f_frsize;
  }
};

}  // namespace

Result<std::uint64_t> Files::free_bytes(const std::string& /*folder*/) {
  return std::numeric_limits<std::uint64_t>::max();
}

Files& system_files() {
  static SystemFiles files;
  return files;
}

}  // namespace swarmlab
