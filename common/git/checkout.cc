#include "common/git/checkout.h"

#include <dirent.h>
#include <fcntl.h>
#include <git2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "common/git/handle.h"
#include "common/git/stored_objects.h"
#include "common/git/verify.h"
#include "common/os/folder_handle.h"
#include "common/os/unique_fd.h"

namespace swarmlab::git {
namespace {

constexpr std::size_t kMaxDepth = 128;
constexpr std::uint64_t kLargeBlob = 8U << 20U;  // is not held in memory
constexpr std::size_t kMaxFiles = 1'000'000;     // a few objects can unfold to billions of paths

tl::unexpected<Error> failed(std::string_view what, const std::string& path) {
  const ErrorCode code =
      errno == ENOSPC || errno == EDQUOT ? ErrorCode::unavailable : ErrorCode::internal;
  return fail(code, "{}: cannot {}: {}", path, what, std::strerror(errno));
}

Result<void> check_empty(const std::string& folder) {
  const FolderHandle listing(::opendir(folder.c_str()));
  if (!listing) return failed("list", folder);
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    return fail(ErrorCode::conflict, "{}: holds {}, expected an empty folder", folder, name);
  }
  return {};
}

class Checkout {
 public:
  Checkout(const Repository& repository, git_odb* odb, const std::string& leave_out)
      : repository_(repository), odb_(odb), leave_out_(leave_out) {}

  Result<void> write_below(int folder, const ObjectId& tree, const std::string& path,
                           std::size_t depth) {
    if (depth > kMaxDepth) {
      return fail(ErrorCode::invalid_input, "{}: folders nest deeper than {}", path, kMaxDepth);
    }
    SWARMLAB_TRY(entries, entries_of(repository_, tree));
    for (const RawEntry& entry : entries) {
      const std::string below = joined(path, entry.name);
      if (auto why = why_unsound_name(entry.name)) {
        return fail(ErrorCode::invalid_input, "{}: {}", below, *why);
      }
      if (++files_ > kMaxFiles) {
        return fail(ErrorCode::invalid_input, "the tree unfolds to more than {} paths", kMaxFiles);
      }
      SWARMLAB_CHECK(write_entry(folder, entry, below, depth));
    }
    return {};
  }

 private:
  Result<void> write_entry(int folder, const RawEntry& entry, const std::string& path,
                           std::size_t depth) {
    if (entry.folder) {
      SWARMLAB_TRY(below, make_folder(folder, entry.name, path));
      if (path == leave_out_) return {};
      return write_below(below.get(), entry.leaf.id, path, depth + 1);
    }
    switch (entry.leaf.mode) {
      case FileMode::regular:
        return write_file(folder, entry, path, 0644);
      case FileMode::executable:
        return write_file(folder, entry, path, 0755);
      case FileMode::symlink:
        return write_link(folder, entry, path);
      case FileMode::submodule: {
        SWARMLAB_CHECK(make_folder(folder, entry.name, path));
        return {};
      }
    }
    return {};
  }

  static Result<UniqueFd> make_folder(int parent, const std::string& name,
                                      const std::string& path) {
    if (::mkdirat(parent, name.c_str(), 0755) != 0) return failed("create folder", path);
    UniqueFd folder(
        ::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder || ::fchmod(folder.get(), 0755) != 0) return failed("open folder", path);
    return folder;
  }

  Result<Owned<git_odb_object>> read(const ObjectId& id, const std::string& path) const {
    const git_oid oid = to_oid(id);
    git_odb_object* object = nullptr;
    const int code = git_odb_read(&object, odb_, &oid);
    if (code != 0) return git_failed(path, code);
    Owned<git_odb_object> owned(object);
    if (git_odb_object_type(object) == GIT_OBJECT_BLOB) return owned;
    return fail(ErrorCode::corrupt, "{}: object {} is no blob", path, id.hex());
  }

  Result<void> write_file(int folder, const RawEntry& entry, const std::string& path, mode_t mode) {
    const UniqueFd file(::openat(folder, entry.name.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!file) return failed("create", path);
    const auto write = [&](std::string_view bytes) { return write_all(file.get(), bytes, path); };
    SWARMLAB_TRY(size, repository_.blob_size(entry.leaf.id));
    if (size > kLargeBlob) {
      if (!stored_) stored_ = std::make_unique<StoredObjects>(repository_);
      if (auto read = stored_->read_blob(entry.leaf.id, write); !read) {
        return within(path, read.error());
      }
    } else {
      SWARMLAB_TRY(object, read(entry.leaf.id, path));
      SWARMLAB_CHECK(write({static_cast<const char*>(git_odb_object_data(object.get())),
                            git_odb_object_size(object.get())}));
    }
    if (::fchmod(file.get(), mode) != 0) return failed("set the mode of", path);
    return {};
  }

  static Result<void> write_all(int file, std::string_view bytes, const std::string& path) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return failed("write", path);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  Result<void> write_link(int folder, const RawEntry& entry, const std::string& path) const {
    SWARMLAB_TRY(object, read(entry.leaf.id, path));
    const std::string target(static_cast<const char*>(git_odb_object_data(object.get())),
                             git_odb_object_size(object.get()));
    if (target.find('\0') != std::string::npos) {
      return fail(ErrorCode::invalid_input, "{}: the link's target holds a NUL", path);
    }
    if (::symlinkat(target.c_str(), folder, entry.name.c_str()) != 0) return failed("link", path);
    return {};
  }

  const Repository& repository_;
  git_odb* odb_;
  const std::string& leave_out_;
  std::unique_ptr<StoredObjects> stored_;
  std::size_t files_ = 0;
};

}  // namespace

Result<void> checkout_tree(const Repository& repository, const ObjectId& tree,
                           const std::string& folder, const std::string& leave_out) {
  if (::mkdir(folder.c_str(), 0755) != 0) {
    if (errno != EEXIST) return failed("create folder", folder);
    SWARMLAB_CHECK(check_empty(folder));
  }
  const UniqueFd root(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root || ::fchmod(root.get(), 0755) != 0) return failed("open folder", folder);
  SWARMLAB_TRY(odb, odb_of(repository));
  return Checkout(repository, odb.get(), leave_out).write_below(root.get(), tree, "", 0);
}

}  // namespace swarmlab::git
