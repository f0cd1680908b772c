// Where candidates' commits are kept, as the engine needs it: git in the product (objects.h).
//
// Whoever implements it keeps I5: a commit is durable before a record may name it, and it is
// checked before that: the commit is there, has the tree and the parent that the report claims, and
// differs from the parent in nothing but editable paths.
//
// Threads: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/git/folder_manifest.h"
#include "common/git/pack_file.h"
#include "common/model/object_id.h"
#include "common/result.h"
#include "common/strong_id.h"

namespace swarmlab::store {

// A pack as a worker sent it, with what its report claims.
struct IncomingPack {
  std::string_view bytes;  // must live until ingest() returned; empty: the commit was sent before
  git::StagedPack* staged = nullptr;  // instead of bytes: a large one, checked already
  ObjectId commit;
  ObjectId tree;
  ObjectId parent;                                    // the task's parent commit
  std::optional<ObjectId> merged{};                   // of a merge: the other one
  std::function<bool(std::string_view)> is_editable;  // of a path, relative to the repository
};

// A file of a commit.
struct StoredFile {
  std::string path;  // relative to the repository
  int mode = 0;      // as git::FileMode
  ObjectId id;
};

// One file of a commit, put in place of what is there.
struct FileChange {
  ObjectId commit;
  std::string path;
  std::string bytes;
  std::string message;
  Timestamp at;
};

class ObjectStore {
 public:
  ObjectStore() = default;
  ObjectStore(const ObjectStore&) = delete;
  ObjectStore& operator=(const ObjectStore&) = delete;
  virtual ~ObjectStore() = default;

  /// Takes the packs of a burst in, as one durable pack. The answer has one result a pack, in their
  /// order: a pack that is broken or lies is refused by itself (invalid_input, says why). The outer
  /// error means that nothing can be said of any (disk): no report of the burst may be counted.
  virtual Result<std::vector<Result<void>>> ingest(std::span<const IncomingPack> packs) = 0;

  /// Copies `commit` and all that it needs from the repository at `from` (the user's). Durable.
  virtual Result<void> import_commit(const std::filesystem::path& from, const ObjectId& commit) = 0;

  // What follows is of stores that have a folder. One without has small packs only.

  /// Of the git repository; empty: there is none.
  [[nodiscard]] virtual std::string folder() const { return {}; }
  /// Whether the objects of such a pack are few and have at most `max_bytes` together.
  [[nodiscard]] virtual Result<bool> is_small_pack(const std::vector<ObjectId>& /*wanted*/,
                                                   const std::vector<ObjectId>& /*had*/,
                                                   std::uint64_t /*max_bytes*/) const {
    return true;
  }
  /// A commit and all that it needs, not a candidate: of a lab, or of data. Durable.
  virtual Result<void> take_in(git::StagedPack& /*pack*/) { return no_folder(); }
  virtual Result<void> take_in(std::string_view /*pack*/, const ObjectId& /*commit*/) {
    return no_folder();
  }
  /// The data of the folder at `from`, as a commit (common/git/data_commit.h). Durable.
  virtual Result<git::FolderManifest> import_data(const std::filesystem::path& /*from*/) {
    return no_folder();
  }

  [[nodiscard]] virtual bool has(const ObjectId& object) const = 0;
  /// The tree of a commit; not_found if it is not here.
  [[nodiscard]] virtual Result<ObjectId> tree_of(const ObjectId& commit) const = 0;

  /// A pack with all objects that `wanted` (commits) need and `had` (commits) do not bring. Commits
  /// of `had` that are not known here are ignored.
  [[nodiscard]] virtual Result<std::string> make_pack(std::span<const ObjectId> wanted,
                                                      std::span<const ObjectId> had) const = 0;

  /// What changed from `parent` to `commit`, as a unified diff of at most `max_bytes`.
  [[nodiscard]] virtual Result<std::string> diff_text(const ObjectId& parent,
                                                      const ObjectId& commit,
                                                      std::size_t max_bytes) const = 0;

  // Of stores that hold real files; the others answer invalid_input.

  /// Every file of a commit, in git's order.
  [[nodiscard]] virtual Result<std::vector<StoredFile>> files_of(const ObjectId& commit) const;
  /// not_found if the commit has no such file; invalid_input if it is larger than `max_bytes`.
  [[nodiscard]] virtual Result<std::string> file_of(const ObjectId& commit, const std::string& path,
                                                    std::uint64_t max_bytes) const;
  /// A commit on top of another. Durable; the same change gives the same commit.
  virtual Result<ObjectId> change_file(const FileChange& change);

  struct Graft {
    ObjectId commit;  // whose tree it is to have
    ObjectId parent;
    std::function<bool(std::string_view)> is_editable;  // of a path, relative to the repository
    std::string message;
    Timestamp at;
  };
  struct Grafted {
    ObjectId commit;
    ObjectId tree;
  };
  /// A commit with the tree of another, on top of `parent`: held against the same rules as what
  /// workers send. Durable. invalid_input names the paths that are not editable.
  virtual Result<Grafted> graft(const Graft& graft);

  /// Folds small packs together when there are many: to be called between bursts.
  virtual Result<void> compact_if_needed() = 0;

 protected:
  ObjectStore(ObjectStore&&) = default;
  ObjectStore& operator=(ObjectStore&&) = default;
  static tl::unexpected<Error> no_folder() {
    return fail(ErrorCode::invalid_input, "these objects are in no folder");
  }
};

}  // namespace swarmlab::store
