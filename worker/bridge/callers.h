// Threads for connections from a sandbox, one each, no more than a bound at a time; all of them are
// joined at the end.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "common/os/cancel.h"
#include "common/os/unique_fd.h"
#include "common/result.h"
#include "worker/bridge/peer.h"

namespace swarmlab::worker {

/// Thread-safe.
class Callers {
 public:
  /// Serves one; must end soon after its Peer's stop() is cancelled. Does not throw.
  using Serve = std::function<void(Peer& peer)>;

  /// \return unavailable when the process is out of file descriptors.
  [[nodiscard]] static Result<std::unique_ptr<Callers>> make(std::size_t most, Serve serve);
  Callers(const Callers&) = delete;
  Callers& operator=(const Callers&) = delete;
  Callers(Callers&&) = delete;
  Callers& operator=(Callers&&) = delete;
  ~Callers() { end(); }

  /// Never blocks. \return  whether it is served: else it was one too many, or it is all over
  bool take(UniqueFd connection);
  /// Takes nobody any more, and tells all to stop.
  void stop();
  /// \return  whether none is left. \pre  stop()
  [[nodiscard]] bool wait_for_end(Milliseconds time);
  /// Tells all to stop, and waits for them.
  void end();

 private:
  struct Caller {
    std::atomic<bool> done = false;
    std::thread thread;
  };
  void run(Caller& caller, Peer& peer);
  Callers(std::size_t most, Serve serve, CancelSource stop)
      : most_(most), serve_(std::move(serve)), stop_(std::move(stop)) {}

  const std::size_t most_;
  const Serve serve_;
  const CancelSource stop_;
  std::mutex mutex_;  // guards what follows
  bool over_ = false;
  std::size_t serving_ = 0;
  std::condition_variable served_;
  std::list<Caller> callers_;
};

}  // namespace swarmlab::worker
