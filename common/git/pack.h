// Packs: how commits travel between a worker, the coordinator and the user's repository.
//
// A commit travels with its whole tree but without its ancestors; a repository that gets one whose
// parent it lacks notes it in its `shallow` file, so that `git log` and `git fsck` stay sound. What
// arrives is read by our own bounded parser and stands in memory until all of it is checked:
// libgit2's indexer has no limits on inflated sizes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/git/repository.h"
#include "common/result.h"

namespace swarmlab::git {

struct PackLimits {
  std::uint64_t max_pack_bytes = 64ULL << 20U;
  std::uint64_t max_objects = 100'000;
  std::uint64_t max_object_bytes = 256ULL << 20U;  // inflated, deltas applied
  std::uint64_t max_total_bytes = 512ULL << 20U;   // of all objects, likewise
};

/// The wanted commits, their trees and blobs, less what the trees of the `had` commits hold at the
/// same path. `had` commits that are not in this repository are passed over. Deltas are only
/// against the pack's own objects.
[[nodiscard]] Result<std::string> make_pack(const Repository& repository,
                                            const std::vector<ObjectId>& wanted,
                                            const std::vector<ObjectId>& had);

// Stores the packs of one burst as one pack file. Each is checked when it is added: well formed,
// within the limits, tree entries with sound names and modes, and nothing missing that its commits
// and trees name (ancestors may be). A pack that fails is refused alone. Nothing is in the
// repository before commit().
class PackIngest {
 public:
  /// `repository` must outlive this.
  explicit PackIngest(Repository& repository, const PackLimits& limits = {});
  PackIngest(const PackIngest&) = delete;
  PackIngest& operator=(const PackIngest&) = delete;
  PackIngest(PackIngest&&) noexcept;
  PackIngest& operator=(PackIngest&&) noexcept;
  ~PackIngest();

  /// Looks at a pack that is well formed, in a view of the repository in which it is in place; its
  /// error refuses the pack.
  using Check = std::function<Result<void>(const Repository& view)>;

  /// `commit` must be in the pack or in the repository, with all that it holds; what the pack has
  /// besides is left out. Errors: `invalid_input`, or the check's.
  [[nodiscard]] Result<void> add(std::string_view pack, const ObjectId& commit,
                                 const Check& check = {});
  /// Writes what was added and is not there yet; after success it is on disk. Empties this.
  [[nodiscard]] Result<void> commit();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// One pack: add and commit.
[[nodiscard]] Result<void> index_pack(Repository& repository, std::string_view pack,
                                      const ObjectId& commit, const PackLimits& limits = {});

/// Brings a commit with its tree, without its ancestors, from one repository (read only) to
/// another; costs what is missing.
[[nodiscard]] Result<void> copy_commit(const Repository& from, const ObjectId& commit,
                                       Repository& to);

/// `corrupt`, with the file, if the index of a pack is damaged: look-ups would miss objects that
/// are there. What is in packs is checked whenever it is read.
[[nodiscard]] Result<void> check_pack_indexes(const std::string& repository_folder);

/// If the repository has more than `max_packs` pack files, merges the smallest into one, so that
/// half of `max_packs` remain. Other Repository objects may read meanwhile; only one thread of one
/// process may write.
[[nodiscard]] Result<void> consolidate_packs(const std::string& repository_folder,
                                             std::size_t max_packs);

}  // namespace swarmlab::git
