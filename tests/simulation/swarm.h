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

struct Outcome {
  std::optional<std::string> violation;
  std::uint64_t hash = 0;
  std::uint64_t steps = 0;
  std::uint64_t experiments = 0;
  std::uint64_t crashes = 0;  // of the coordinator
  std::uint64_t reports = 0;  // that were answered
};

class Swarm {
 public:
  /// `folder` is empty, on a disk that is fast: the coordinator's store is in it.
  Swarm(const Plan& plan, const std::string& folder, bool tells);

  Outcome run();

 private:
  using Fault = void (Swarm::*)();
  // Calls it again and again, as much time apart on average.
  void repeat(Milliseconds average, Fault fault);
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
  bool good_ = false;
};

}  // namespace swarmlab::simulation
