// The person of a simulated swarm: opens its labs, pauses and resumes them, changes an evaluator,
// sends workers away. What is not answered is said again.
#pragma once

#include <memory>
#include <vector>

#include "common/wire/message_codec.h"
#include "tests/simulation/commits.h"
#include "tests/simulation/network.h"

namespace swarmlab::simulation {

class Operator {
 public:
  Operator(World& world, const Plan& plan, Network& network, CommitDisk& commits);
  ~Operator() { process_->kill(); }
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;
  Operator(Operator&&) = delete;
  Operator& operator=(Operator&&) = delete;

  void open_labs();
  /// Follows the events, as `swarmlab events --follow` does. `is_stored` says whether an event of
  /// this number is on disk: nobody is told of another.
  void watch(std::function<bool(std::uint64_t sequence)> is_stored);
  /// Pauses a lab, to resume it later, or opens it with another evaluator.
  void steer();
  /// Says something to the agents, brings a candidate, or takes a kept one out.
  void meddle();
  void drain(const std::string& worker);
  void resume(std::uint32_t lab);
  /// Out of quarantine.
  void release(const std::string& worker);
  /// As it is: a lab that stopped as its baseline failed tries again.
  void open_again(std::uint32_t lab);
  [[nodiscard]] bool has_opened_all() const { return opened_ == plan_.labs; }

 private:
  using Fill = std::function<void(schema::Envelope::Body::Builder)>;
  /// Until it is answered with something else than "later". In a thread.
  void say(const Fill& fill, const std::function<void(schema::Envelope::Body::Reader)>& hear = {});
  void open(std::uint32_t lab, const std::function<void(schema::Envelope::Body::Reader)>& hear);
  void set_status(std::uint32_t lab, schema::SetLabStatus::Wish wish);

  World& world_;
  const Plan& plan_;
  std::shared_ptr<Process> process_;
  std::unique_ptr<SimulatedChannel> channel_;
  std::vector<std::uint64_t> evaluators_;  // of each lab
  std::uint32_t opened_ = 0;
  CommitDisk& commits_;
};

}  // namespace swarmlab::simulation
