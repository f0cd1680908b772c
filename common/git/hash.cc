#include "common/git/hash.h"

#include <dirent.h>
#include <fcntl.h>
#include <git2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <optional>

#include "common/git/handle.h"
#include "common/git/unreadable.h"
#include "common/os/folder_handle.h"
#include "common/os/unique_fd.h"

namespace swarmlab::git {
namespace {

struct Entry {
  std::string_view mode;  // as a tree writes it
  ObjectId id;
};

Result<ObjectId> hash_file(int folder, const std::string& name, const std::string& path) {
  const UniqueFd file(::openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return unreadable("open", path);
  auto id = hash_open_file(file.get());
  if (!id) return within(path, id.error());
  return id;
}

Result<ObjectId> hash_link(int folder, const std::string& name, const std::string& path) {
  std::string target(4096, '\0');
  const ssize_t length = ::readlinkat(folder, name.c_str(), target.data(), target.size());
  if (length < 0) return unreadable("read link", path);
  return hash_blob(std::string_view(target).substr(0, static_cast<std::size_t>(length)));
}

// Nothing: the folder holds no file.
Result<std::optional<ObjectId>> hash_below(UniqueFd folder, const std::string& path);

Result<std::optional<Entry>> hash_entry(int folder, const std::string& name,
                                        const std::string& path) {
  struct stat about {};
  if (::fstatat(folder, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) {
    return unreadable("look at", path);
  }
  if (S_ISREG(about.st_mode)) {
    SWARMLAB_TRY(id, hash_file(folder, name, path));
    return std::optional(Entry{(about.st_mode & S_IXUSR) != 0 ? "100755" : "100644", id});
  }
  if (S_ISLNK(about.st_mode)) {
    SWARMLAB_TRY(id, hash_link(folder, name, path));
    return std::optional(Entry{"120000", id});
  }
  if (!S_ISDIR(about.st_mode)) {
    return fail(ErrorCode::invalid_input, "{}: is no file, folder or link", path);
  }
  UniqueFd below(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!below) return unreadable("open", path);
  SWARMLAB_TRY(id, hash_below(std::move(below), path));
  if (!id) return std::optional<Entry>();
  return std::optional(Entry{"40000", *id});
}

Result<std::optional<ObjectId>> hash_below(UniqueFd folder, const std::string& path) {
  const FolderHandle listing(::fdopendir(folder.get()));
  if (!listing) return unreadable("list", path);
  const int fd = folder.release();           // the listing's now
  std::map<std::string, std::string> lines;  // by name as git sorts: a folder's ends with a slash
  for (const dirent* found = ::readdir(listing.get()); found != nullptr;
       found = ::readdir(listing.get())) {
    const std::string name = found->d_name;
    if (name == "." || name == "..") continue;
    SWARMLAB_TRY(entry, hash_entry(fd, name, fmt::format("{}/{}", path, name)));
    if (!entry) continue;
    std::string line = fmt::format("{} {}", entry->mode, name);
    line.push_back('\0');
    line.append(entry->id.bytes.begin(), entry->id.bytes.end());
    lines.emplace(entry->mode == "40000" ? name + "/" : name, std::move(line));
  }
  if (lines.empty()) return std::optional<ObjectId>();
  std::string bytes;
  for (const auto& [name, line] : lines) bytes += line;
  return std::optional(hash_object(ObjectKind::tree, bytes));
}

}  // namespace

ObjectId hash_object(ObjectKind kind, std::string_view bytes) {
  git_oid oid;
  const int code = git_odb_hash(&oid, bytes.data(), bytes.size(), static_cast<git_object_t>(kind));
  SWARMLAB_ASSERT(code == 0);  // fails only without git::Library, or on an unknown kind
  return from_oid(oid);
}

ObjectId hash_blob(std::string_view bytes) {
  return hash_object(ObjectKind::blob, bytes);
}

Result<ObjectId> hash_open_file(int fd) {
  git_oid oid;
  const int code =
      git_odb_hashfile(&oid, fmt::format("/proc/self/fd/{}", fd).c_str(), GIT_OBJECT_BLOB);
  if (code != 0) return git_failed("hash a file", code);
  return from_oid(oid);
}

Result<ObjectId> hash_folder(const std::string& folder) {
  UniqueFd opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened) return unreadable("open folder", folder);
  SWARMLAB_TRY(id, hash_below(std::move(opened), folder));
  return id ? *id : hash_object(ObjectKind::tree, "");
}

}  // namespace swarmlab::git
