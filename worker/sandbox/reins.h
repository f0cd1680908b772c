// The reins of one run: who has them may hold all its processes still, and let them go on.
//
// It is the thread that runs the sandbox that does so, as it alone knows which processes these are.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "common/os/unique_fd.h"
#include "common/result.h"

namespace swarmlab::sandbox {

/// Thread-safe; one caller at a time.
class Reins {
 public:
  [[nodiscard]] static Result<std::shared_ptr<Reins>> make();

  /// Blocks until every process of the run stands still, and what they wrote to stdout and stderr
  /// before has been heard. They use no processor time then, and change nothing.
  /// \return  unavailable if the driver cannot do it, if they do not stand still, or if the run is
  ///          over: then none of them is held
  [[nodiscard]] Result<void> hold();
  [[nodiscard]] Result<void> let_go();

  // Of the run.

  /// For poll(2): readable when somebody pulls.
  [[nodiscard]] int fd() const { return wake_.get(); }
  /// Does what is wanted, if anything is.
  void serve(const std::function<Result<void>(bool still)>& obey);
  /// The run is over, or never was: nobody waits for it any more.
  void end();

 private:
  explicit Reins(UniqueFd wake) : wake_(std::move(wake)) {}
  Result<void> pull(bool still);

  UniqueFd wake_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable answered_;
  std::optional<bool> wanted_;
  std::optional<Result<void>> answer_;
  bool is_over_ = false;
};

}  // namespace swarmlab::sandbox
