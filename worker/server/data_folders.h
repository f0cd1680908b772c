// Data that lies on this host outside of the repository: two workers with different data at the
// same path must be found out, so it is hashed before it is used.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "common/git/hash.h"
#include "common/model/lab.h"
#include "common/result.h"

namespace swarmlab::worker {

/// Thread-safe. Hashes a folder once while this process lives.
class DataFolders {
 public:
  /// invalid_input if the data at its path is not what `expected` says.
  Result<void> verify(const DataSource& data, const ObjectId& expected) {
    if (data.kind != DataSource::Kind::host_path) return {};
    const std::lock_guard lock(mutex_);
    auto known = hashes_.find(data.path);
    if (known == hashes_.end()) {
      SWARMLAB_TRY(hash, git::hash_folder(data.path));
      known = hashes_.emplace(data.path, hash).first;
    }
    if (known->second == expected) return {};
    return fail(ErrorCode::invalid_input,
                "the data at {} hashes to {}, expected {}: it is not what the lab was opened with",
                data.path, known->second.brief(), expected.brief());
  }

 private:
  std::mutex mutex_;
  std::map<std::string, ObjectId> hashes_;
};

}  // namespace swarmlab::worker
