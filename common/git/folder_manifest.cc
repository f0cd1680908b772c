#include "common/git/folder_manifest.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>

#include "common/git/byte_file.h"
#include "common/git/handle.h"
#include "common/git/sha1.h"
#include "common/git/unreadable.h"
#include "common/git/verify.h"
#include "common/os/folder_handle.h"

namespace swarmlab::git {
namespace {

// A file that changed this short before it was read may change again without a trace in its times.
constexpr std::int64_t kSettledNs = 50'000'000;

std::int64_t nanoseconds(const timespec& time) {
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

std::string_view text_of(FileMode mode) {
  return mode == FileMode::executable ? "100755" : mode == FileMode::symlink ? "120000" : "100644";
}

}  // namespace

// One walk through a folder.
class FolderWalk {
 public:
  FolderWalk(FolderHasher& hasher, const std::string& root, const OnTree& on_tree)
      : hasher_(hasher), root_(root), on_tree_(on_tree) {}

  Result<FolderManifest> run() {
    UniqueFd opened(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened) return unreadable("open folder", root_);
    SWARMLAB_TRY(tree, walk(std::move(opened), ""));
    if (tree) {
      manifest_.tree = *tree;
    } else {
      manifest_.tree = hash_object(ObjectKind::tree, "");
      if (on_tree_) SWARMLAB_CHECK(on_tree_(manifest_.tree, ""));
    }
    std::sort(manifest_.files.begin(), manifest_.files.end(),
              [](const ManifestFile& a, const ManifestFile& b) { return a.path < b.path; });
    return std::move(manifest_);
  }

 private:
  // Nothing: the folder holds no file.
  Result<std::optional<ObjectId>> walk(UniqueFd opened, const std::string& folder) {
    const FolderHandle listing(::fdopendir(opened.get()));
    if (!listing) return unreadable("list", full(folder));
    const int fd = opened.release();           // the listing's now
    std::map<std::string, std::string> lines;  // as git sorts: a folder's name ends with a slash
    while (const dirent* found = ::readdir(listing.get())) {
      const std::string name = found->d_name;
      if (name == "." || name == "..") continue;
      if (auto why = why_unsound_name(name)) {
        return fail(ErrorCode::invalid_input, "{}: {}", full(joined(folder, name)), *why);
      }
      SWARMLAB_CHECK(add_entry(fd, name, joined(folder, name), lines));
    }
    if (lines.empty()) return std::optional<ObjectId>();
    std::string bytes;
    for (const auto& [name, line] : lines) bytes += line;
    const ObjectId id = hash_object(ObjectKind::tree, bytes);
    if (on_tree_) SWARMLAB_CHECK(on_tree_(id, bytes));
    return std::optional(id);
  }

  Result<void> add_entry(int fd, const std::string& name, const std::string& path,
                         std::map<std::string, std::string>& lines) {
    struct stat about {};
    if (::fstatat(fd, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) {
      return unreadable("look at", full(path));
    }
    std::string mode = "40000";
    ObjectId id;
    if (S_ISDIR(about.st_mode)) {
      UniqueFd below(::openat(fd, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
      if (!below) return unreadable("open", full(path));
      SWARMLAB_TRY(tree, walk(std::move(below), path));
      if (!tree) return {};
      id = *tree;
    } else {
      SWARMLAB_TRY(file, look_at_file(fd, name, path, about));
      mode = text_of(file.leaf.mode);
      id = file.leaf.id;
      manifest_.files.push_back(std::move(file));
    }
    std::string line = fmt::format("{} {}", mode, name);
    line.push_back('\0');
    line.append(id.bytes.begin(), id.bytes.end());
    lines.emplace(S_ISDIR(about.st_mode) ? name + "/" : name, std::move(line));
    return {};
  }

  Result<ManifestFile> look_at_file(int fd, const std::string& name, const std::string& path,
                                    const struct stat& about) {
    ManifestFile file{.path = path, .leaf = {}, .bytes = static_cast<std::uint64_t>(about.st_size)};
    if (S_ISLNK(about.st_mode)) {
      std::string target(4096, '\0');
      const ssize_t length = ::readlinkat(fd, name.c_str(), target.data(), target.size());
      if (length < 0) return unreadable("read link", full(path));
      target.resize(static_cast<std::size_t>(length));
      file.leaf = {FileMode::symlink, hash_blob(target)};
      return file;
    }
    if (!S_ISREG(about.st_mode)) {
      return fail(ErrorCode::invalid_input, "{}: is no file, folder or link", full(path));
    }
    file.leaf.mode = (about.st_mode & S_IXUSR) != 0 ? FileMode::executable : FileMode::regular;
    SWARMLAB_TRY(id, id_of_file(fd, name, path, about));
    file.leaf.id = id;
    return file;
  }

  Result<ObjectId> id_of_file(int fd, const std::string& name, const std::string& path,
                              const struct stat& about) {
    FolderHasher::Known seen{.device = about.st_dev,
                             .inode = about.st_ino,
                             .bytes = static_cast<std::uint64_t>(about.st_size),
                             .modified_ns = nanoseconds(about.st_mtim),
                             .changed_ns = nanoseconds(about.st_ctim),
                             .id = {}};
    const auto known = hasher_.known_.find(full(path));
    if (known != hasher_.known_.end()) {
      seen.id = known->second.id;
      if (seen == known->second) return seen.id;
    }
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const UniqueFd file(::openat(fd, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file) return unreadable("open", full(path));
    Sha1 hash;
    hash.add(object_header(ObjectKind::blob, seen.bytes));
    auto read = read_range(file.get(), 0, seen.bytes, [&hash](std::string_view piece) {
      hash.add(piece);
      return Result<void>();
    });
    struct stat after {};
    if (!read || ::fstat(file.get(), &after) != 0 || after.st_size != about.st_size) {
      return fail(ErrorCode::conflict, "{}: changed while it was read", full(path));
    }
    ++hasher_.files_read_;
    seen.id = hash.finish();
    if (nanoseconds(now) - seen.changed_ns > kSettledNs) {
      hasher_.known_.insert_or_assign(full(path), seen);
    } else {
      hasher_.known_.erase(full(path));
    }
    return seen.id;
  }

  [[nodiscard]] std::string full(const std::string& path) const { return joined(root_, path); }

  FolderHasher& hasher_;
  const std::string& root_;
  const OnTree& on_tree_;
  FolderManifest manifest_;
};

Result<FolderManifest> FolderHasher::hash(const std::string& folder, const OnTree& on_tree) {
  return FolderWalk(*this, folder, on_tree).run();
}

std::string manifest_text(const FolderManifest& manifest, std::size_t max_bytes) {
  std::string text;
  for (const ManifestFile& file : manifest.files) {
    const std::string line = fmt::format("{} {} {}\n", text_of(file.leaf.mode), file.leaf.id.hex(),
                                         printable_path(file.path));
    if (text.size() + line.size() >= max_bytes) return text;
    text += line;
  }
  return text + "\n";
}

std::optional<std::string> first_difference(const FolderManifest& manifest,
                                            std::string_view expected) {
  constexpr std::size_t kIdAt = 6 + 1;
  constexpr std::size_t kPathAt = kIdAt + 40 + 1;
  using Files = std::map<std::string, std::string, std::less<>>;  // mode and id by path
  Files here;
  Files there;
  const bool whole = expected.ends_with("\n\n") || expected == "\n";
  for (const ManifestFile& file : manifest.files) {
    here.emplace(printable_path(file.path),
                 fmt::format("{} {}", text_of(file.leaf.mode), file.leaf.id.hex()));
  }
  while (!expected.empty()) {
    const std::string_view line = expected.substr(0, expected.find('\n'));
    expected.remove_prefix(std::min(expected.size(), line.size() + 1));
    if (line.size() > kPathAt) there.emplace(line.substr(kPathAt), line.substr(0, kPathAt - 1));
  }
  auto mine = here.begin();
  for (auto theirs = there.begin(); theirs != there.end(); ++theirs, ++mine) {
    if (mine == here.end() || mine->first > theirs->first)
      return theirs->first + " is missing here";
    if (mine->first < theirs->first) return mine->first + " is only here";
    if (mine->second.substr(kIdAt) != theirs->second.substr(kIdAt)) {
      return mine->first + " has other bytes";
    }
    if (mine->second != theirs->second) return mine->first + " has another mode";
  }
  if (mine != here.end() && whole) return mine->first + " is only here";
  return std::nullopt;
}

}  // namespace swarmlab::git
