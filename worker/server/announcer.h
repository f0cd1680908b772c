// Watches for what an agent announces while it works (`swarmlab hypothesis`), and passes it on. The
// agent has no network: it writes a file that its sandbox shares with the worker.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/model/report.h"
#include "common/os/cancel.h"
#include "common/result.h"

namespace swarmlab::worker {

class Announcer {
 public:
  using Tell = std::function<void(const Announcement&)>;

  /// Watches `file`, in a folder that is there, with a thread of its own. `tell` is called from
  /// that thread, once for each announcement that differs from the one before, at most every
  /// `pause`: the last of those in between counts.
  static Result<std::unique_ptr<Announcer>> watch(const std::string& file, Tell tell,
                                                  Milliseconds pause = Milliseconds(500));
  Announcer(const Announcer&) = delete;
  Announcer& operator=(const Announcer&) = delete;
  Announcer(Announcer&&) = delete;
  Announcer& operator=(Announcer&&) = delete;
  ~Announcer();  // as end()

  /// Ends the thread. \return  what was announced last; also what was not told any more
  std::optional<Announcement> end();
  /// end(), and where the notes have no hypothesis, what was announced stands for it.
  void fill_in(AgentNotes& notes);

 private:
  struct Impl;
  explicit Announcer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace swarmlab::worker
