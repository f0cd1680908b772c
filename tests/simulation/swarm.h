// A whole swarm of one seed: a time in which things go wrong, then one in which nothing does and
// all must come to its end.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/coordinator.h"
#include "tests/simulation/operator.h"
#include "tests/simulation/worker.h"

namespace swarmlab::simulation {

// How often each thing went wrong. Those of the coordinator are crashes, too.
struct Faults {
  std::uint64_t worker_crashes = 0;  // one worker, or half of them at once
  std::uint64_t cuts = 0;            // of a worker's network, one way or both
  std::uint64_t zombies = 0;         // a worker stands still, often for longer than a lease
  std::uint64_t wall_jumps = 0;
  std::uint64_t full_disks = 0;
  std::uint64_t failed_syncs = 0;
  std::uint64_t drains = 0;

  Faults& operator+=(const Faults& more);
};

struct Outcome {
  std::optional<std::string> violation;
  std::uint64_t hash = 0;
  std::uint64_t steps = 0;
  std::uint64_t experiments = 0;
  std::uint64_t crashes = 0;  // of the coordinator
  std::uint64_t reports = 0;  // that were answered
  Faults faults;
};

class Swarm {
 public:
  /// `folder` is empty, on a disk that is fast: the coordinator's store is in it.
  Swarm(const Plan& plan, const std::string& folder, bool tells);

  Outcome run();

 private:
  using Fault = void (Swarm::*)();
  using Count = std::uint64_t Faults::*;
  // Calls it again and again, as much time apart on average.
  void repeat(Milliseconds average, Fault fault, Count count = nullptr);
  void crash_coordinator();
  void crash_worker();
  void cut();
  void freeze();
  void jump();
  void fill_disk();
  void fail_sync();
  void steer();
  void drain();

  void let_things_go_wrong();
  void let_all_end();
  void help_to_end();
  void tell_state();
  [[nodiscard]] bool is_done(const swarm::Lab& lab) const;
  [[nodiscard]] bool is_over();
  [[nodiscard]] std::uint64_t experiments_ended();  // of all labs, as far as is known
  void check_end();
  SimulatedWorker& any_worker();

  const Plan plan_;
  World world_;
  Truth truth_;
  Network network_;
  Coordinator coordinator_;
  Operator operator_;
  std::vector<std::unique_ptr<SimulatedWorker>> workers_;
  Faults faults_;
  bool good_ = false;
};

}  // namespace swarmlab::simulation
