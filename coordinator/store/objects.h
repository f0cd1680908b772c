// The objects: every candidate's commit, in a bare git repository beside the store.
//
// It keeps I5: a commit is durable (packed, fsynced) before a record may name it, and it is checked
// before that: the commit is there, has the tree and the parent that the report claims, and differs
// from the parent in nothing but editable paths. Refs, which are for people, are in refs.h.
//
// Threads: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/model/object_id.h"
#include "common/result.h"

namespace swarmlab::store {

// A pack as a worker sent it, with what its report claims.
struct IncomingPack {
  std::string_view bytes;  // must live until ingest() returned; empty: the commit was sent before
  ObjectId commit;
  ObjectId tree;
  ObjectId parent;                                    // the task's parent commit
  std::function<bool(std::string_view)> is_editable;  // of a path, relative to the repository
};

class Objects {
 public:
  /// Opens the bare repository at `path`, or creates it. Starts libgit2 with syncing on: to be
  /// called before threads start.
  static Result<Objects> open(const std::filesystem::path& path);

  Objects(Objects&&) noexcept;
  Objects& operator=(Objects&&) noexcept;
  Objects(const Objects&) = delete;
  Objects& operator=(const Objects&) = delete;
  ~Objects();

  /// Takes the packs of a burst in, as one durable pack. The answer has one result a pack, in their
  /// order: a pack that is broken or lies is refused by itself (invalid_input, says why). The outer
  /// error means that nothing can be said of any (disk): no report of the burst may be counted.
  Result<std::vector<Result<void>>> ingest(std::span<const IncomingPack> packs);

  /// Copies `commit` and all that it needs from the repository at `from` (the user's). Durable.
  Result<void> import_commit(const std::filesystem::path& from, const ObjectId& commit);

  [[nodiscard]] bool has(const ObjectId& object) const;
  /// The tree of a commit; not_found if it is not here.
  [[nodiscard]] Result<ObjectId> tree_of(const ObjectId& commit) const;

  /// A pack with all objects that `wanted` (commits) need and `had` (commits) do not bring. Commits
  /// of `had` that are not known here are ignored.
  [[nodiscard]] Result<std::string> make_pack(std::span<const ObjectId> wanted,
                                              std::span<const ObjectId> had) const;

  /// What changed from `parent` to `commit`, as a unified diff of at most `max_bytes`.
  [[nodiscard]] Result<std::string> diff_text(const ObjectId& parent, const ObjectId& commit,
                                              std::size_t max_bytes = 1U << 20U) const;

  /// Folds small packs together when there are many. open() does; else to be called between bursts.
  Result<void> compact_if_needed();

 private:
  struct Impl;
  explicit Objects(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace swarmlab::store
