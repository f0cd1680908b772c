// One git repository: reads of any, writes to our own bare ones. The user's repository is only
// read. Not thread-safe: one thread uses an object at a time; other objects on the same folder may
// be used meanwhile. A git::Library must live.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/git/types.h"
#include "common/result.h"

struct git_repository;

namespace swarmlab::git {

constexpr std::uint64_t kMaxBlobBytes = 256ULL << 20U;

class Repository {
 public:
  /// A repository at exactly this folder (bare, or a worktree).
  [[nodiscard]] static Result<Repository> open(const std::string& path);
  /// The user's repository that `folder` is in. `not_found`: no repository; `invalid_input`: it is
  /// bare, or has no commit yet. The message says what to do.
  [[nodiscard]] static Result<Repository> discover(const std::string& folder);
  /// A new bare repository, or the one that is there.
  [[nodiscard]] static Result<Repository> init_bare(const std::string& path);
  Repository(const Repository&) = delete;
  Repository& operator=(const Repository&) = delete;
  Repository(Repository&& other) noexcept;
  Repository& operator=(Repository&& other) noexcept;
  ~Repository();

  /// Root of the worktree, of a bare one the repository itself; no "/" at its end.
  [[nodiscard]] std::string folder() const;
  [[nodiscard]] std::string git_folder() const;

  // Reads. `not_found` if an object, path or ref is not there; `invalid_input` if it is of another
  // kind.
  [[nodiscard]] Result<ObjectId> head_commit() const;
  /// The commit that a person means: a branch, a tag, an id or the beginning of one, HEAD~2.
  [[nodiscard]] Result<ObjectId> resolve_commit(const std::string& text) const;
  [[nodiscard]] Result<ObjectId> tree_of(const ObjectId& commit) const;
  [[nodiscard]] Result<std::vector<ObjectId>> parents_of(const ObjectId& commit) const;
  [[nodiscard]] Result<std::string> message_of(const ObjectId& commit) const;
  [[nodiscard]] bool has(const ObjectId& id) const;
  [[nodiscard]] Result<std::uint64_t> blob_size(const ObjectId& blob) const;
  /// `invalid_input` if the blob is larger than `max_bytes`; its size is looked at before it is
  /// read.
  [[nodiscard]] Result<std::string> read_blob(const ObjectId& blob,
                                              std::uint64_t max_bytes = kMaxBlobBytes) const;
  [[nodiscard]] Result<std::string> file_at(const ObjectId& tree, std::string_view path,
                                            std::uint64_t max_bytes = kMaxBlobBytes) const;
  /// Every leaf, in git's order.
  [[nodiscard]] Result<std::vector<TreeEntry>> list_tree(const ObjectId& tree) const;
  /// The id of a folder of the tree; "" is the tree itself.
  [[nodiscard]] Result<ObjectId> subtree_id(const ObjectId& tree, std::string_view path) const;
  /// Costs what differs, not what the trees hold. Sorted by path.
  [[nodiscard]] Result<std::vector<PathChange>> changed_paths(const ObjectId& before,
                                                              const ObjectId& after) const;
  /// A unified diff, cut at a line and marked so if it would be longer than `max_bytes`.
  [[nodiscard]] Result<std::string> diff_text(const ObjectId& before, const ObjectId& after,
                                              std::size_t max_bytes) const;
  /// What differs from HEAD below these folders or at these paths (relative to the root; none:
  /// everywhere); what ignore rules name does not count. Writes nothing, not even the index.
  [[nodiscard]] Result<std::vector<DirtyFile>> dirty_files(
      const std::vector<std::string>& paths) const;

  // Writes: to our own repositories only. On disk when they return, if Library::fsync is on.
  [[nodiscard]] Result<ObjectId> write_blob(std::string_view bytes);
  /// `base` with these paths replaced; folders that end empty are gone. The blobs must be there.
  /// `invalid_input`: a path that git or we refuse (.git, "..", empty), or one path below another
  /// that is a file.
  [[nodiscard]] Result<ObjectId> replace_paths(const ObjectId& base,
                                               const std::vector<PathEdit>& edits);
  [[nodiscard]] Result<ObjectId> commit(const ObjectId& tree, const std::vector<ObjectId>& parents,
                                        const CommitText& text);

  /// Creates or moves a ref; the name must be "refs/...", the commit must be there.
  [[nodiscard]] Result<void> set_ref(const std::string& name, const ObjectId& commit);
  [[nodiscard]] Result<ObjectId> read_ref(const std::string& name) const;
  /// Those whose name begins with `prefix`, sorted by name.
  [[nodiscard]] Result<std::vector<Ref>> list_refs(const std::string& prefix) const;
  /// Fine if there is none.
  [[nodiscard]] Result<void> remove_ref(const std::string& name);
  /// Puts all refs into one file (packed-refs): 100,000 loose ones are slow to list.
  [[nodiscard]] Result<void> compress_refs();

  /// Sees packs that others wrote since.
  [[nodiscard]] Result<void> refresh();

  /// For the files of this room only.
  [[nodiscard]] git_repository* raw() const { return handle_.get(); }

 private:
  struct Free {
    void operator()(git_repository* repository) const;
  };
  explicit Repository(git_repository* handle) : handle_(handle) {}
  std::unique_ptr<git_repository, Free> handle_;
};

}  // namespace swarmlab::git
