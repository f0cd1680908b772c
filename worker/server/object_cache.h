// The objects that this worker has: a bare repository that slots share, filled from the
// coordinator. Nothing in it is the only copy, so it is not synced and may be deleted.
#pragma once

#include <deque>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "common/git/repository.h"
#include "common/os/cancel.h"
#include "common/result.h"
#include "worker/server/link.h"

namespace swarmlab::worker {

/// Thread-safe; each slot opens a repository of its own.
class ObjectCache {
 public:
  /// The folder is created if it is missing, and made anew if it is larger than `max_bytes`, no
  /// repository, or filled before this machine was started.
  static Result<std::unique_ptr<ObjectCache>> open(const std::string& folder,
                                                   std::uint64_t max_bytes);

  [[nodiscard]] Result<git::Repository> repository() const;

  /// Fetches those of `commits` that are not here.
  Result<void> bring(Link& link, LabId lab, std::span<const ObjectId> commits,
                     git::Repository& repository, const CancelToken& stop);
  /// A commit that was made here: later fetches say that it is here.
  void remember(const ObjectId& commit);

 private:
  explicit ObjectCache(std::string folder) : folder_(std::move(folder)) {}
  [[nodiscard]] std::vector<ObjectId> known() const;

  const std::string folder_;
  std::mutex writing_;  // one pack at a time
  mutable std::mutex mutex_;
  std::deque<ObjectId> known_;  // commits that are here, the latest last
};

}  // namespace swarmlab::worker
