#include "cli/predecessors/folder.h"

#include <algorithm>
#include <array>
#include <set>
#include <system_error>
#include <utility>

#include "common/os/file.h"

namespace swarmlab::predecessors {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLargestText = 16U << 20U;
constexpr std::size_t kMostPaths = 100'000;

bool is_left_out(const std::string& folder) {
  constexpr std::array<std::string_view, 7> kNames{
      ".git", ".swarmlab", ".venv", "venv", "node_modules", "__pycache__", ".worktrees"};
  return std::ranges::find(kNames, folder) != kNames.end();
}

std::vector<std::string> paths_below(const fs::path& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && at != fs::recursive_directory_iterator() && paths.size() < kMostPaths;
       at.increment(error)) {
    std::error_code ignored;
    const bool is_folder = at->is_directory(ignored) && !at->is_symlink(ignored);
    if (is_folder && is_left_out(at->path().filename().string())) at.disable_recursion_pending();
    if (at->is_regular_file(ignored) && !at->is_symlink(ignored)) {
      paths.push_back(at->path().lexically_relative(folder).generic_string());
    }
  }
  std::ranges::sort(paths);
  return paths;
}

class FolderOnDisk final : public Folder {
 public:
  FolderOnDisk(fs::path folder, std::string inside, fs::path home)
      : folder_(std::move(folder)), inside_(std::move(inside)), home_(std::move(home)) {}

  [[nodiscard]] bool has(const std::string& path) const override {
    std::error_code ignored;
    return fs::is_regular_file(folder_ / path, ignored);
  }
  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator at(folder_, error); !error && at != fs::directory_iterator();
         at.increment(error)) {
      names.push_back(at->path().filename().string());
    }
    std::ranges::sort(names);
    return names;
  }

  [[nodiscard]] std::optional<std::string> text(const std::string& path) const override {
    std::error_code ignored;
    if (!fs::is_regular_file(folder_ / path, ignored)) return std::nullopt;
    auto text = read_file((folder_ / path).string(), kLargestText);
    if (!text) return std::nullopt;
    return *std::move(text);
  }
  [[nodiscard]] const std::vector<std::string>& paths() const override {
    if (!paths_) paths_ = paths_below(folder_);  // many: only if somebody asks
    return *paths_;
  }
  [[nodiscard]] fs::path place() const override { return folder_; }
  [[nodiscard]] std::string inside() const override { return inside_; }
  [[nodiscard]] fs::path home() const override { return home_; }

 private:
  fs::path folder_;
  std::string inside_;
  fs::path home_;
  mutable std::optional<std::vector<std::string>> paths_;
};

class FolderOfTexts final : public Folder {
 public:
  explicit FolderOfTexts(std::map<std::string, std::string> texts) : texts_(std::move(texts)) {
    for (const auto& [path, text] : texts_) paths_.push_back(path);
  }

  [[nodiscard]] std::optional<std::string> text(const std::string& path) const override {
    const auto found = texts_.find(path);
    if (found == texts_.end()) return std::nullopt;
    return found->second;
  }
  [[nodiscard]] bool has(const std::string& path) const override { return texts_.contains(path); }
  [[nodiscard]] std::vector<std::string> names() const override {
    std::set<std::string> names;
    for (const std::string& path : paths_) names.insert(path.substr(0, path.find('/')));
    return {names.begin(), names.end()};
  }
  [[nodiscard]] const std::vector<std::string>& paths() const override { return paths_; }
  [[nodiscard]] fs::path place() const override { return {}; }
  [[nodiscard]] std::string inside() const override { return {}; }
  [[nodiscard]] fs::path home() const override { return {}; }

 private:
  std::map<std::string, std::string> texts_;
  std::vector<std::string> paths_;
};

}  // namespace

std::unique_ptr<Folder> folder_on_disk(const fs::path& folder, const fs::path& root,
                                       const fs::path& home) {
  const std::string inside = folder.lexically_relative(root).generic_string();
  return std::make_unique<FolderOnDisk>(folder, inside == "." ? "" : inside, home);
}

std::unique_ptr<Folder> folder_of(std::map<std::string, std::string> texts) {
  return std::make_unique<FolderOfTexts>(std::move(texts));
}

}  // namespace swarmlab::predecessors
