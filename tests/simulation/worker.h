// A worker in a simulated swarm: the real crew, slots, link, conversation and spool; what an
// attempt does is made up. Its disk survives it.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "tests/simulation/commits.h"
#include "tests/simulation/network.h"
#include "tests/simulation/truth.h"
#include "tests/simulation/worker_disk.h"
#include "worker/server/crew.h"

namespace swarmlab::simulation {

class SimulatedWorker {
 public:
  /// `folder` is for packs that come in.
  SimulatedWorker(World& world, const Plan& plan, Network& network, Truth& truth, Place place,
                  std::string folder);

  void start();
  /// It is gone; it starts again by itself.
  void crash();
  /// As SIGSTOP and SIGCONT.
  void freeze();
  void thaw();
  WorkerDisk& disk() { return disk_; }
  [[nodiscard]] Place place() const { return place_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool is_frozen() const { return life_ && life_->process->frozen(); }
  /// From now on nothing goes wrong by itself.
  void be_good();
  [[nodiscard]] std::string told();
  /// No report waits on its disk.
  [[nodiscard]] bool has_delivered_all();

 private:
  // Destroyed from the last to the first: no thread runs when what it uses goes.
  struct Life {
    std::shared_ptr<Process> process;
    std::unique_ptr<ProcessClock> clock;
    std::unique_ptr<worker::Crew> crew;
    std::set<ObjectId> commits;  // its object cache
    std::uint32_t slots = 0;
    std::uint32_t working = 0;
    ~Life() { process->kill(); }
  };
  Result<void> begin(Life& life);
  void work(Life& life, std::uint32_t slot);
  void start_later();

  Result<worker::SpooledReport> attempt(Life& life, std::uint32_t slot,
                                        const Assignment& assignment, const CancelToken& cancel);
  Result<void> fetch(Life& life, std::uint32_t slot, const Assignment& assignment,
                     const CancelToken& cancel);
  bool work_for(Life& life, Milliseconds about, const CancelToken& cancel);
  Measurement run(const Assignment& assignment, const ObjectId& tree);
  void measure(const Assignment& assignment, Report& report);
  void compare(const Assignment& assignment, Report& report);
  [[nodiscard]] ObjectId tree_of(const Assignment& assignment, const ObjectId& commit) const;
  void fill(Life& life, const Assignment& assignment, const CancelToken& cancel,
            worker::SpooledReport& result);

  World& world_;
  const Plan& plan_;
  Network& network_;
  Truth& truth_;
  std::map<ObjectId, ObjectId> trees_;  // of the commits that it fetched
  const Place place_;
  const std::string folder_;
  const std::string name_;
  WorkerDisk disk_;
  std::unique_ptr<Life> life_;
  std::uint64_t lives_ = 0;
  bool good_ = false;
};

}  // namespace swarmlab::simulation
