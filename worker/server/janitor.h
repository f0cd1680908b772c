// Removes folders that nobody needs any more, behind the work: an experiment must not wait for the
// last one's files to go.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

namespace swarmlab::worker {

/// Thread-safe. Its end waits until all is removed.
class Janitor {
 public:
  Janitor() : thread_([this] { work(); }) {}
  Janitor(const Janitor&) = delete;
  Janitor& operator=(const Janitor&) = delete;
  Janitor(Janitor&&) = delete;
  Janitor& operator=(Janitor&&) = delete;
  ~Janitor();

  /// Removes the folder soon; at once if much waits already, so that a slow disk slows the work
  /// instead of filling up.
  void remove(std::string folder);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> waiting_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace swarmlab::worker
