// One store, one process: a locked file that tells who has it. The kernel gives the lock back when
// the process ends, however it ends.
#pragma once

#include <filesystem>

#include "common/os/unique_fd.h"
#include "common/result.h"

namespace swarmlab::store {

class ProcessLock {
 public:
  /// `conflict`, with the process id of the holder, if another process (or this one) has it.
  static Result<ProcessLock> take(const std::filesystem::path& file);
  /// The same answer, but takes and makes nothing.
  static Result<void> check_free(const std::filesystem::path& file);

 private:
  explicit ProcessLock(UniqueFd file) : file_(std::move(file)) {}
  UniqueFd file_;
};

}  // namespace swarmlab::store
