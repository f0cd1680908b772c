// Packs as files: made, checked and stored in pieces, so that their size does not matter. What
// pack.h does in memory, and quicker, for small ones.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/git/repository.h"
#include "common/result.h"

namespace swarmlab::git {

/// Takes the next bytes.
using Sink = std::function<Result<void>(std::string_view)>;

struct PackInfo {
  std::uint64_t bytes = 0;
  ObjectId hash;  // of all but the last 20 bytes, which are it: what tells one pack from another
  bool operator==(const PackInfo&) const = default;
};

/// As make_pack(), into a file at `path`, which is whole or not there (it is not synced). Objects
/// that lie deflated in a pack of the repository are copied as they are.
[[nodiscard]] Result<PackInfo> write_pack_file(const Repository& repository,
                                               const std::vector<ObjectId>& wanted,
                                               const std::vector<ObjectId>& had,
                                               const std::string& path);

/// Whether the objects of such a pack are few and have at most `max_bytes` together; costs little
/// if they have more.
[[nodiscard]] Result<bool> is_small_pack(const Repository& repository,
                                         const std::vector<ObjectId>& wanted,
                                         const std::vector<ObjectId>& had, std::uint64_t max_bytes);

/// Its size and the hash that it ends with; not whether it has that hash.
[[nodiscard]] Result<PackInfo> info_of_pack_file(const std::string& path);

struct FilePackLimits {
  std::uint64_t max_objects = 5'000'000;
  std::uint64_t max_total_bytes = 1ULL << 42U;    // of all objects, inflated
  std::uint64_t max_delta_bytes = 256ULL << 20U;  // of an object that is a delta: held in memory
};

// A pack that was checked and lies beside the repository: not part of it before commit(). Removed
// at the end if that did not come. Memory: about 100 bytes an object, and what deltas need.
class StagedPack {
 public:
  /// Checks the pack at `path`: it has the hash that it ends with, is well formed and within the
  /// limits, has `commit` (or the repository has) with all that it needs and nothing else, names
  /// are sound. Takes as long as inflating it does; any thread, while others use the repository.
  /// \return invalid_input: what is wrong with the pack
  [[nodiscard]] static Result<StagedPack> check(const std::string& repository_folder,
                                                const std::string& path, const ObjectId& commit,
                                                const FilePackLimits& limits = {});
  StagedPack(const StagedPack&) = delete;
  StagedPack& operator=(const StagedPack&) = delete;
  StagedPack(StagedPack&& other) noexcept;
  StagedPack& operator=(StagedPack&& other) noexcept;
  ~StagedPack();

  /// The repository with the pack in place.
  [[nodiscard]] Result<Repository> view() const;
  /// Makes it part of the repository; on disk when it returns, if Library::fsync is on. Quick.
  [[nodiscard]] Result<void> commit(Repository& repository);

 private:
  StagedPack() = default;
  std::string repository_;
  std::string folder_;             // of this alone; empty: moved from
  std::string name_;               // "pack-..."
  std::vector<ObjectId> cut_off_;  // commits whose parents are nowhere
};

/// check() and commit().
[[nodiscard]] Result<void> store_pack_file(Repository& repository, const std::string& path,
                                           const ObjectId& commit,
                                           const FilePackLimits& limits = {});

}  // namespace swarmlab::git
