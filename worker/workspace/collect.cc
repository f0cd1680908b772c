#include "worker/workspace/collect.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "common/git/hash.h"
#include "common/git/verify.h"
#include "common/os/folder_handle.h"
#include "common/os/unique_fd.h"
#include "worker/workspace/found.h"

namespace swarmlab::worker {
namespace {

using git::FileMode;
using git::Leaf;

constexpr std::size_t kMaxDepth = 128;
constexpr std::size_t kMaxLinkBytes = 4095;
constexpr std::string_view kByteCode = "/__pycache__/";
constexpr std::size_t kMaxPathBytes = 1024;  // what other systems and tools can still take

class Collector {
 public:
  Collector(git::Repository& repository, const Scope& scope, const CollectRequest& request)
      : repository_(repository), scope_(scope), request_(request) {}

  Result<Collected> run() {
    SWARMLAB_CHECK(load_parent());
    UniqueFd root(::open(request_.folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!root) {
      return fail(ErrorCode::internal, "{}: cannot open: {}", request_.folder,
                  std::strerror(errno));
    }
    SWARMLAB_CHECK(walk(std::move(root), "", 0));
    if (!stopped_) note_names_elsewhere();
    if (!stopped_) note_removed();
    return result();
  }

 private:
  Result<void> load_parent() {
    SWARMLAB_TRY(listing, repository_.list_tree(request_.parent_tree));
    for (git::TreeEntry& entry : listing) {
      for (std::size_t at = entry.path.find('/'); at != std::string::npos;
           at = entry.path.find('/', at + 1)) {
        folders_.insert(entry.path.substr(0, at));
      }
      parent_.emplace(std::move(entry.path), entry.leaf);
    }
    return {};
  }

  Result<void> walk(UniqueFd opened, const std::string& folder, std::size_t depth) {
    const FolderHandle listing(::fdopendir(opened.get()));
    if (!listing) {
      violate(folder, "a folder that cannot be listed");
      return {};
    }
    const int fd = opened.release();  // the listing's now
    while (!stopped_) {
      errno = 0;
      const dirent* entry = ::readdir(listing.get());
      if (entry == nullptr && errno != 0) {  // not to be taken for files that were removed
        return fail(ErrorCode::internal, "{}/{}: cannot list: {}", request_.folder, folder,
                    std::strerror(errno));
      }
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      Found found{.folder = fd, .name = std::string(name), .path = {}, .about = {}};
      found.path = folder.empty() ? found.name : folder + "/" + found.name;
      SWARMLAB_CHECK(look_at(found, depth));
    }
    return {};
  }

  Result<void> look_at(Found& found, std::size_t depth) {
    if (is_ignored(found.path)) return {};
    const bool known = parent_.contains(found.path) || folders_.contains(found.path);
    if (!known && is_byte_code(found.path)) return {};
    if (++entries_ > request_.limits.max_files) {
      violate(found.path, fmt::format("more than {} files and folders in the workspace",
                                      request_.limits.max_files));
      stopped_ = true;
      return {};
    }
    if (auto why = known ? std::nullopt : why_unfit(found)) {
      violate(found.path, *why);
      return {};
    }
    if (::fstatat(found.folder, found.name.c_str(), &found.about, AT_SYMLINK_NOFOLLOW) != 0) {
      violate(found.path, "cannot be looked at");
      return {};
    }
    if (S_ISDIR(found.about.st_mode)) return look_at_folder(found, depth);
    if (S_ISREG(found.about.st_mode)) return look_at_file(found);
    if (S_ISLNK(found.about.st_mode)) return look_at_link(found);
    violate(found.path, "a fifo, socket or device");
    return {};
  }

  // Also in a folder that the parent has: Python would run it in the place of any source beside it.
  static bool is_byte_code(const std::string& path) {
    return ("/" + path + "/").find(kByteCode) != std::string::npos;
  }

  static std::optional<std::string> why_unfit(const Found& found) {
    if (found.path.size() > kMaxPathBytes) {
      return fmt::format("a path longer than {} bytes", kMaxPathBytes);
    }
    return git::why_unfit_for_candidate(found.name);
  }

  Result<void> look_at_folder(const Found& found, std::size_t depth) {
    if (depth >= kMaxDepth) {
      violate(found.path, fmt::format("folders nest deeper than {}", kMaxDepth));
      return {};
    }
    UniqueFd below = open_found(found, O_DIRECTORY, 0700);
    if (!below) {
      violate(found.path, "a folder that cannot be opened");
      return {};
    }
    return walk(std::move(below), found.path, depth + 1);
  }

  Result<void> look_at_file(const Found& found) {
    const Leaf* old = mark_seen(found.path);
    note_names(found);
    if ((found.about.st_mode & (S_ISUID | S_ISGID | S_ISVTX)) != 0U) {
      violate(found.path, "a setuid, setgid or sticky bit");
      return {};
    }
    std::optional<std::uint64_t> old_size;
    if (old != nullptr && old->mode != FileMode::submodule) {
      SWARMLAB_TRY(size, repository_.blob_size(old->id));
      old_size = size;
    }
    const bool may_be_same = old_size == found.size();
    if (!scope_.editable(found.path) && !may_be_same) {
      violate(found.path, old == nullptr ? "added out of scope" : "changed out of scope");
      return {};
    }
    if (!may_be_same && found.size() > request_.limits.max_file_bytes) {
      violate(found.path, too_large(found.size()));
      return {};
    }
    const UniqueFd file = open_found(found, 0, 0400);
    if (!file) {
      violate(found.path, "a file that cannot be opened");
      return {};
    }
    return compare_file(found, file.get(), old);
  }

  Result<void> compare_file(const Found& found, int file, const Leaf* old) {
    const FileMode mode =
        (found.about.st_mode & S_IXUSR) != 0U ? FileMode::executable : FileMode::regular;
    const bool large = found.size() > request_.limits.max_file_bytes;
    std::optional<std::string> bytes;
    ObjectId id;
    if (large) {  // as large as the parent's: most likely the same, and never to be held in memory
      SWARMLAB_TRY(hashed, git::hash_open_file(file));
      id = hashed;
    } else {
      bytes = read_open(file, found.size(), request_.limits.max_file_bytes);
      if (!bytes) {
        violate(found.path, "a file that cannot be read");
        return {};
      }
      id = git::hash_blob(*bytes);
    }
    if (old != nullptr && *old == Leaf{mode, id}) return {};
    if (!scope_.editable(found.path)) {
      violate(found.path, "changed out of scope");
      return {};
    }
    if (old != nullptr && old->id == id) {  // its mode only
      edits_.push_back({found.path, Leaf{mode, id}});
      return {};
    }
    if (!bytes) {
      violate(found.path, too_large(found.size()));
      return {};
    }
    return add(found.path, mode, *bytes);
  }

  Result<void> look_at_link(const Found& found) {
    const Leaf* old = mark_seen(found.path);
    std::string target(kMaxLinkBytes + 1, '\0');
    const ssize_t length =
        ::readlinkat(found.folder, found.name.c_str(), target.data(), target.size());
    if (length <= 0 || static_cast<std::size_t>(length) > kMaxLinkBytes) {
      violate(found.path, "a link that cannot be read");
      return {};
    }
    target.resize(static_cast<std::size_t>(length));
    if (old != nullptr && *old == Leaf{FileMode::symlink, git::hash_blob(target)}) return {};
    if (!scope_.editable(found.path)) {
      violate(found.path, old == nullptr ? "added out of scope" : "changed out of scope");
      return {};
    }
    const auto editable = [this](std::string_view path) { return scope_.editable(path); };
    if (auto why = git::why_unfit_link(found.path, target, editable)) {
      violate(found.path, *why);
      return {};
    }
    return add(found.path, FileMode::symlink, target);
  }

  Result<void> add(const std::string& path, FileMode mode, std::string_view bytes) {
    total_bytes_ += bytes.size();
    if (total_bytes_ > request_.limits.max_total_bytes) {
      violate(path, fmt::format("the changed files have more than {} bytes",
                                request_.limits.max_total_bytes));
      stopped_ = true;
      return {};
    }
    if (request_.is_secret && (request_.is_secret(path) || request_.is_secret(bytes))) {
      violate(path, "it has a secret of the worker in it");
    }
    if (!violations_.empty()) return {};  // there will be no candidate
    SWARMLAB_TRY(id, repository_.write_blob(bytes));
    edits_.push_back({path, Leaf{mode, id}});
    return {};
  }

  // Two names of a file in the workspace are two files of the candidate. A name elsewhere tells of
  // bytes that came around the sandbox, or could still change.
  void note_names(const Found& found) {
    if (found.about.st_nlink < 2) return;
    auto [names, first] = linked_.try_emplace({found.about.st_dev, found.about.st_ino},
                                              Names{found.about.st_nlink, found.path});
    --names->second.missing;
  }

  void note_names_elsewhere() {
    for (const auto& [inode, names] : linked_) {
      if (stopped_) return;
      if (names.missing > 0) violate(names.path, "a hard link to a file outside the workspace");
    }
  }

  // What the parent has and the workspace has not. A submodule is only an empty folder here, which
  // does not count.
  void note_removed() {
    for (const auto& [path, leaf] : parent_) {
      if (leaf.mode == FileMode::submodule || seen_.contains(path) || is_ignored(path)) continue;
      if (scope_.editable(path)) {
        edits_.push_back({path, std::nullopt});
      } else {
        violate(path, "removed out of scope");
      }
    }
  }

  Result<Collected> result() {
    Collected collected{.tree = {}, .changed = {}, .violations = {}};
    if (!violations_.empty()) {
      std::sort(violations_.begin(), violations_.end(), [](const Violation& a, const Violation& b) {
        return std::tie(a.path, a.why) < std::tie(b.path, b.why);
      });
      collected.violations = std::move(violations_);
      return collected;
    }
    SWARMLAB_TRY(tree, repository_.replace_paths(request_.parent_tree, edits_));
    collected.tree = tree;
    for (const git::PathEdit& edit : edits_) collected.changed.push_back(edit.path);
    std::sort(collected.changed.begin(), collected.changed.end());
    return collected;
  }

  const Leaf* mark_seen(const std::string& path) {
    const auto found = parent_.find(path);
    if (found == parent_.end()) return nullptr;
    seen_.insert(path);
    return &found->second;
  }

  [[nodiscard]] bool is_ignored(std::string_view path) const {
    const auto covers = [path](std::string_view ignored) {
      return path.substr(0, ignored.size()) == ignored &&
             (path.size() == ignored.size() || path[ignored.size()] == '/');
    };
    return covers(".git") || std::any_of(request_.ignored.begin(), request_.ignored.end(), covers);
  }

  [[nodiscard]] std::string too_large(std::uint64_t size) const {
    return fmt::format("has {} bytes, expected at most {}", size, request_.limits.max_file_bytes);
  }

  void violate(const std::string& path, std::string why) {
    violations_.push_back({git::printable_path(path), std::move(why)});
    if (violations_.size() >= kMaxViolations) stopped_ = true;
  }

  git::Repository& repository_;
  const Scope& scope_;
  const CollectRequest& request_;
  std::map<std::string, Leaf> parent_;
  std::set<std::string> folders_;  // of the parent
  std::set<std::string> seen_;     // leaves of the parent that are there, changed or not
  struct Names {
    nlink_t missing = 0;  // names of the inode that were not met
    std::string path;     // the first that was
  };
  std::map<std::pair<dev_t, ino_t>, Names> linked_;
  std::uint64_t entries_ = 0;
  std::uint64_t total_bytes_ = 0;
  bool stopped_ = false;
  std::vector<git::PathEdit> edits_;
  std::vector<Violation> violations_;
};

}  // namespace

Result<Collected> collect(git::Repository& repository, const Scope& scope,
                          const CollectRequest& request) {
  return Collector(repository, scope, request).run();
}

}  // namespace swarmlab::worker
