#include "common/os/files.h"

#include <algorithm>
#include <filesystem>

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
};

}  // namespace

Files& system_files() {
  static SystemFiles files;
  return files;
}

}  // namespace swarmlab
