// The worker processes of `run`: started, started again when they die, told to leave.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "common/model/resources.h"
#include "common/os/process.h"
#include "common/result.h"

namespace swarmlab::cli {

struct LocalWorkersOptions {
  std::string program;           // swarmlab itself
  std::filesystem::path folder;  // each has a folder of its own in it
  std::string address;           // of the coordinator
  unsigned count = 1;
  std::vector<std::string> arguments;  // more, for `swarmlab worker`
  std::optional<Capacity> machine{};   // is split among them; none: each says what it finds
};

class LocalWorkers {
 public:
  /// Names are w1, w2, ...: first those with reports that wait to be delivered; none that a living
  /// worker has, which may still finish what it did for a coordinator that died.
  static Result<LocalWorkers> start(const LocalWorkersOptions& options);

  /// For poll(2): readable when a worker ended.
  [[nodiscard]] std::vector<int> fds() const;
  /// Takes notice of ends. Who was killed is started again, unless it dies again and again; who
  /// ended by itself had a reason, which would still be there.
  /// \return  an error when none is left that could work: with the reason
  Result<void> tend();
  /// What became of workers since the last time, for people.
  [[nodiscard]] std::vector<std::string> take_ends() { return std::exchange(ends_, {}); }
  /// From now on none is started again. The first time they finish what runs, then they hand it
  /// back, then they are killed.
  void leave();
  [[nodiscard]] bool all_ended() const;

 private:
  struct Member {
    std::string name;
    std::optional<Process> process;  // none: it ended for good
    unsigned failures = 0;           // in a row
    Deadline young = Deadline::never();
  };
  explicit LocalWorkers(const LocalWorkersOptions& options) : options_(options) {}
  [[nodiscard]] Result<Process> spawn_worker(const std::string& name, std::size_t index) const;
  Result<void> tend(Member& member);
  [[nodiscard]] std::filesystem::path log_of(const std::string& name) const {
    return options_.folder / (name + ".log");
  }

  LocalWorkersOptions options_;
  std::vector<Member> members_;
  unsigned leaving_ = 0;           // how often we said so
  std::vector<std::string> ends_;  // not told yet
  std::string last_failure_;
};

}  // namespace swarmlab::cli
