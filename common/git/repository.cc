#include "common/git/repository.h"

#include <git2.h>

#include "common/git/handle.h"

namespace swarmlab::git {
namespace {

std::string without_slash(const char* path) {
  std::string text = path == nullptr ? "" : path;
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

}  // namespace

Repository::Repository(Repository&& other) noexcept = default;
Repository& Repository::operator=(Repository&& other) noexcept = default;
Repository::~Repository() = default;

void Repository::Free::operator()(git_repository* repository) const {
  git_repository_free(repository);
}

Result<Repository> Repository::open(const std::string& path) {
  git_repository* handle = nullptr;
  const int code =
      git_repository_open_ext(&handle, path.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr);
  if (code != 0) return git_failed("repository " + path, code);
  return Repository(handle);
}

Result<Repository> Repository::discover(const std::string& folder) {
  git_repository* handle = nullptr;
  const int code = git_repository_open_ext(&handle, folder.c_str(), 0, nullptr);
  if (code == GIT_ENOTFOUND) {
    return fail(ErrorCode::not_found,
                "{}: is in no git repository; make one with: git init && git add -A && git commit",
                folder);
  }
  if (code != 0) return git_failed(folder, code);
  Repository found(handle);
  if (git_repository_is_bare(handle) != 0) {
    return fail(ErrorCode::invalid_input,
                "{}: is a bare git repository, expected one with a worktree (a clone of it)",
                folder);
  }
  if (git_repository_head_unborn(handle) == 1) {
    return fail(ErrorCode::invalid_input,
                "{}: the git repository has no commit yet; make one with: git add -A && git commit",
                found.folder());
  }
  return found;
}

Result<Repository> Repository::init_bare(const std::string& path) {
  git_repository_init_options options;
  git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
  options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
  options.initial_head =
      "main";  // not what the user's own configuration says: ours is the same everywhere
  git_repository* handle = nullptr;
  const int code = git_repository_init_ext(&handle, path.c_str(), &options);
  if (code != 0) return git_failed("repository " + path, code);
  return Repository(handle);
}

std::string Repository::folder() const {
  const char* worktree = git_repository_workdir(raw());
  return worktree == nullptr ? git_folder() : without_slash(worktree);
}

std::string Repository::git_folder() const {
  return without_slash(git_repository_path(raw()));
}

Result<ObjectId> Repository::head_commit() const {
  git_oid oid;
  const int code = git_reference_name_to_id(&oid, raw(), "HEAD");
  if (code != 0) return git_failed("HEAD of " + folder(), code);
  return from_oid(oid);
}

Result<ObjectId> Repository::resolve_commit(const std::string& text) const {
  git_object* found = nullptr;
  const int code = git_revparse_single(&found, raw(), (text + "^{commit}").c_str());
  const Owned<git_object> object(found);
  if (code != 0) return git_failed("commit " + text, code);
  return from_oid(*git_object_id(object.get()));
}

Result<ObjectId> Repository::tree_of(const ObjectId& commit) const {
  SWARMLAB_TRY(found, commit_at(*this, commit));
  return from_oid(*git_commit_tree_id(found.get()));
}

Result<std::vector<ObjectId>> Repository::parents_of(const ObjectId& commit) const {
  SWARMLAB_TRY(found, commit_at(*this, commit));
  std::vector<ObjectId> parents;
  for (unsigned int i = 0; i < git_commit_parentcount(found.get()); ++i) {
    parents.push_back(from_oid(*git_commit_parent_id(found.get(), i)));
  }
  return parents;
}

Result<std::string> Repository::message_of(const ObjectId& commit) const {
  SWARMLAB_TRY(found, commit_at(*this, commit));
  return std::string(git_commit_message_raw(found.get()));
}

bool Repository::has(const ObjectId& id) const {
  const auto odb = odb_of(*this);
  const git_oid oid = to_oid(id);
  return odb && git_odb_exists(odb->get(), &oid) == 1;
}

Result<std::uint64_t> Repository::blob_size(const ObjectId& blob) const {
  SWARMLAB_TRY(odb, odb_of(*this));
  const git_oid oid = to_oid(blob);
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  const int code = git_odb_read_header(&size, &type, odb.get(), &oid);
  if (code != 0) return git_failed("blob " + blob.hex(), code);
  if (type == GIT_OBJECT_BLOB) return size;
  return fail(ErrorCode::invalid_input, "object {}: is a {}, expected a blob", blob.hex(),
              git_object_type2string(type));
}

Result<std::string> Repository::read_blob(const ObjectId& blob, std::uint64_t max_bytes) const {
  SWARMLAB_TRY(size, blob_size(blob));
  if (size > max_bytes) {
    return fail(ErrorCode::invalid_input, "blob {}: has {} bytes, expected at most {}", blob.hex(),
                size, max_bytes);
  }
  SWARMLAB_TRY(odb, odb_of(*this));
  const git_oid oid = to_oid(blob);
  git_odb_object* object = nullptr;
  const int code = git_odb_read(&object, odb.get(), &oid);
  if (code != 0) return git_failed("blob " + blob.hex(), code);
  const Owned<git_odb_object> owned(object);
  return std::string(static_cast<const char*>(git_odb_object_data(object)),
                     git_odb_object_size(object));
}

Result<std::string> Repository::file_at(const ObjectId& tree, std::string_view path,
                                        std::uint64_t max_bytes) const {
  SWARMLAB_TRY(root, tree_at(*this, tree));
  git_tree_entry* entry = nullptr;
  const int code = git_tree_entry_bypath(&entry, root.get(), std::string(path).c_str());
  if (code != 0) return git_failed(path, code);
  const ObjectId id = from_oid(*git_tree_entry_id(entry));
  git_tree_entry_free(entry);
  auto bytes = read_blob(id, max_bytes);
  if (!bytes) return within(std::string(path), bytes.error());
  return bytes;
}

Result<ObjectId> Repository::subtree_id(const ObjectId& tree, std::string_view path) const {
  if (path.empty()) return tree;
  SWARMLAB_TRY(root, tree_at(*this, tree));
  git_tree_entry* entry = nullptr;
  const int code = git_tree_entry_bypath(&entry, root.get(), std::string(path).c_str());
  if (code != 0) return git_failed(path, code);
  const bool folder = git_tree_entry_type(entry) == GIT_OBJECT_TREE;
  const ObjectId id = from_oid(*git_tree_entry_id(entry));
  git_tree_entry_free(entry);
  if (!folder) return fail(ErrorCode::invalid_input, "{}: is no folder", path);
  return id;
}

Result<void> Repository::refresh() {
  SWARMLAB_TRY(odb, odb_of(*this));
  const int code = git_odb_refresh(odb.get());
  if (code != 0) return git_failed("look for new packs", code);
  return {};
}

}  // namespace swarmlab::git
