#include "common/git/handle.h"

#include <git2.h>

#include <cstring>

namespace swarmlab::git {

void Free::operator()(git_commit* commit) const {
  git_commit_free(commit);
}
void Free::operator()(git_object* object) const {
  git_object_free(object);
}
void Free::operator()(git_odb* odb) const {
  git_odb_free(odb);
}
void Free::operator()(git_odb_object* object) const {
  git_odb_object_free(object);
}
void Free::operator()(git_packbuilder* builder) const {
  git_packbuilder_free(builder);
}
void Free::operator()(git_tree* tree) const {
  git_tree_free(tree);
}
void Free::operator()(git_treebuilder* builder) const {
  git_treebuilder_free(builder);
}

tl::unexpected<Error> git_failed(std::string_view what, int code) {
  const git_error* error = git_error_last();
  const std::string why = error == nullptr || error->message == nullptr
                              ? fmt::format("libgit2 error {}", code)
                              : std::string(error->message);
  ErrorCode ours = ErrorCode::internal;
  if (code == GIT_ENOTFOUND) ours = ErrorCode::not_found;
  if (code == GIT_EEXISTS || code == GIT_EMODIFIED || code == GIT_ELOCKED) {
    ours = ErrorCode::conflict;
  }
  if (code == GIT_EINVALIDSPEC || code == GIT_EINVALID) ours = ErrorCode::invalid_input;
  if (code == GIT_EMISMATCH) ours = ErrorCode::corrupt;
  return fail(ours, "{}: {}", what, why);
}

git_oid to_oid(const ObjectId& id) {
  git_oid oid;
  std::memcpy(oid.id, id.bytes.data(), id.bytes.size());
  return oid;
}

ObjectId from_oid(const git_oid& oid) {
  ObjectId id;
  std::memcpy(id.bytes.data(), oid.id, id.bytes.size());
  return id;
}

Result<Owned<git_odb>> odb_of(const Repository& repository) {
  git_odb* odb = nullptr;
  const int code = git_repository_odb(&odb, repository.raw());
  if (code != 0) return git_failed("open the objects of " + repository.git_folder(), code);
  return Owned<git_odb>(odb);
}

Result<Owned<git_tree>> tree_at(const Repository& repository, const ObjectId& id) {
  const git_oid oid = to_oid(id);
  git_tree* tree = nullptr;
  const int code = git_tree_lookup(&tree, repository.raw(), &oid);
  if (code != 0) return git_failed("tree " + id.hex(), code);
  return Owned<git_tree>(tree);
}

Result<Owned<git_commit>> commit_at(const Repository& repository, const ObjectId& id) {
  const git_oid oid = to_oid(id);
  git_commit* commit = nullptr;
  const int code = git_commit_lookup(&commit, repository.raw(), &oid);
  if (code != 0) return git_failed("commit " + id.hex(), code);
  return Owned<git_commit>(commit);
}

Result<std::vector<RawEntry>> entries_of(const Repository& repository, const ObjectId& id) {
  SWARMLAB_TRY(tree, tree_at(repository, id));
  const std::size_t count = git_tree_entrycount(tree.get());
  std::vector<RawEntry> entries;
  entries.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const git_tree_entry* entry = git_tree_entry_byindex(tree.get(), i);
    RawEntry raw{.name = git_tree_entry_name(entry), .folder = false, .leaf = {}};
    raw.leaf.id = from_oid(*git_tree_entry_id(entry));
    switch (git_tree_entry_filemode(entry)) {
      case GIT_FILEMODE_TREE:
        raw.folder = true;
        break;
      case GIT_FILEMODE_BLOB:
        raw.leaf.mode = FileMode::regular;
        break;
      case GIT_FILEMODE_BLOB_EXECUTABLE:
        raw.leaf.mode = FileMode::executable;
        break;
      case GIT_FILEMODE_LINK:
        raw.leaf.mode = FileMode::symlink;
        break;
      case GIT_FILEMODE_COMMIT:
        raw.leaf.mode = FileMode::submodule;
        break;
      case GIT_FILEMODE_UNREADABLE:
      default:
        return fail(ErrorCode::corrupt, "tree {}: unknown mode of {}", id.hex(), raw.name);
    }
    entries.push_back(std::move(raw));
  }
  return entries;
}

std::string joined(std::string_view folder, std::string_view name) {
  if (folder.empty()) return std::string(name);
  return fmt::format("{}/{}", folder, name);
}

unsigned int number_of(FileMode mode) {
  switch (mode) {
    case FileMode::regular:
      return GIT_FILEMODE_BLOB;
    case FileMode::executable:
      return GIT_FILEMODE_BLOB_EXECUTABLE;
    case FileMode::symlink:
      return GIT_FILEMODE_LINK;
    case FileMode::submodule:
      return GIT_FILEMODE_COMMIT;
  }
  return 0;
}

}  // namespace swarmlab::git
