// The objects that this worker has: a bare repository that slots share, filled from the
// coordinator. Nothing in it is the only copy, so it is not synced and may be deleted.
//
// It has a limit. When it is over, a new generation begins with the commits that were used last,
// and the old one goes when the last attempt that uses it has ended: nothing is taken away from one
// that runs.
#pragma once

#include <deque>
#include <memory>
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
  class Generation;

  // The repository stays while this lives.
  struct Opened {
    git::Repository repository;
    std::shared_ptr<const Generation> generation;
  };

  /// The folder is created if it is missing, and made anew if it is no cache, or was filled before
  /// this machine was started. `max_bytes` is held to within what attempts that run still use.
  static Result<std::unique_ptr<ObjectCache>> open(const std::string& folder,
                                                   std::uint64_t max_bytes);

  /// The present generation; a new one, if that is over the limit.
  [[nodiscard]] Result<Opened> repository();

  /// Fetches those of `commits` that are not here, into `opened`.
  Result<void> bring(Link& link, LabId lab, std::span<const ObjectId> commits, Opened& opened,
                     const CancelToken& stop);
  /// A commit that was made here or is used: later fetches say that it is here.
  void remember(const ObjectId& commit);

 private:
  ObjectCache(std::string folder, std::uint64_t max_bytes)
      : folder_(std::move(folder)), max_bytes_(max_bytes) {}
  [[nodiscard]] std::vector<ObjectId> known() const;
  Result<void> start(std::uint64_t number);
  Result<void> renew();
  Result<void> fetch(Link& link, LabId lab, const ObjectId& commit, Opened& opened,
                     const CancelToken& stop);
  void read_known();
  [[nodiscard]] bool is_full();
  [[nodiscard]] std::string incoming() const { return folder_ + "/incoming"; }

  const std::string folder_;
  const std::uint64_t max_bytes_;
  std::mutex writing_;  // one pack at a time
  std::shared_ptr<const Generation> generation_;
  std::uint64_t limit_ = 0;  // at which the next generation begins
  unsigned looks_ = 0;

  mutable std::mutex mutex_;
  std::deque<ObjectId> known_;  // commits that are here, the latest last
};

}  // namespace swarmlab::worker
