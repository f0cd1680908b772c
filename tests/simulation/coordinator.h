// A coordinator in a simulated swarm: the real desk, engine and store, on a disk that may lose
// power or fail. What survives its lives is here, what does not is in Life.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/os/file.h"
#include "coordinator/server/desk.h"
#include "tests/simulation/checker.h"
#include "tests/simulation/network.h"

namespace swarmlab::simulation {

class Coordinator {
 public:
  /// `folder` is empty, and this coordinator's alone.
  Coordinator(World& world, const Plan& plan, Network& network, const Truth& truth,
              std::string folder);

  /// Commits that are there from the beginning.
  CommitDisk& commits() { return commits_; }
  void start();
  /// It is gone, at once; it starts again by itself.
  void crash();
  /// As SIGTERM does it: all that was decided is written, then it starts again.
  void restart();
  void jump(Milliseconds by) { wall_offset_ += by; }
  void fill_disk() { full_ = true; }
  void empty_disk() { full_ = false; }
  void fail_next_sync();
  /// From now on nothing goes wrong by itself.
  void be_good();

  /// Null while it is down.
  [[nodiscard]] const server::Engine* engine() const {
    return life_ ? life_->engine.get() : nullptr;
  }
  [[nodiscard]] Checker& checker() { return checker_; }
  [[nodiscard]] std::uint64_t crashes() const { return crashes_; }

 private:
  struct Life {
    std::unique_ptr<SystemClock> clock;
    std::unique_ptr<server::Engine> engine;
    std::unique_ptr<server::Desk> desk;
    std::vector<net::Letter> letters;
    bool turn_is_due = false;
  };

  [[nodiscard]] std::unique_ptr<SystemClock> clock_of_machine() const;
  Result<std::unique_ptr<Life>> begin();
  void take(std::string peer, std::string bytes);
  void turn_soon();
  void tick();
  void turn(bool ticks);
  void finish_turn(bool ticks, const std::vector<server::Answer>& answers);
  void end_life(bool power_loss);
  void start_later();

  World& world_;
  const Plan& plan_;
  Network& network_;
  const std::string folder_;
  store::Disk disk_;
  CommitDisk commits_;
  Checker checker_;
  std::unique_ptr<Life> life_;
  std::uint64_t lives_ = 0;
  std::uint64_t sessions_ = 0;
  std::uint64_t crashes_ = 0;
  Milliseconds wall_offset_{0};
  bool full_ = false;
  bool fails_sync_ = false;
  bool good_ = false;
};

}  // namespace swarmlab::simulation
