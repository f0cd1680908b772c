// Watches a coordinator from outside: what it was told, what it answered, what is on its disk.
// After every turn and every restart all that must hold is checked.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "coordinator/server/desk.h"
#include "tests/simulation/ledger.h"

namespace swarmlab::simulation {

class Checker {
 public:
  Checker(World& world, const Plan& plan, const Truth& truth, const CommitDisk& commits);

  /// It was started (again) and has loaded its state.
  void after_start(const server::Engine& engine);
  /// Before a turn: what it is told.
  void before_turn(const std::vector<net::Letter>& letters);
  /// It said that the turn is on disk, and these answers may leave.
  void after_turn(const server::Engine& engine, const std::vector<server::Answer>& answers);
  /// It died in the turn: nobody was told anything.
  void forget_turn() { asked_.clear(); }

  /// When all is over: every report that was on a worker's disk was answered.
  void at_end(const server::Engine& engine);

  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  [[nodiscard]] std::uint64_t acknowledged() const { return answers_.size(); }

 private:
  struct Key {
    TaskId task;
    FencingToken token;
    auto operator<=>(const Key&) const = default;
  };
  struct Asked {
    std::optional<Key> report;
    std::vector<Key> held;
    std::string worker;  // of a hello
  };
  void read_log(const server::Engine& engine);
  void check_answer(const Asked& asked, schema::Envelope::Reader answer);
  void check_report(const Key& key, schema::WorkReply::Report::Reader answer);
  void check_grant(const std::string& peer, schema::WorkReply::Reader answer);
  void check_expiry(TaskId task, FencingToken token);

  World& world_;
  const Plan& plan_;
  const Truth& truth_;
  Ledger ledger_;
  std::map<std::pair<std::string, std::uint64_t>, Asked> asked_;  // of this turn, by peer and id
  std::map<Key, std::string> answers_;                            // to reports: the same for ever
  std::map<FencingToken, std::string> given_;                     // to whom (a peer)
  std::map<FencingToken, Micros> heard_;  // of a lease, by a heartbeat that was answered
  Micros started_{0};
  bool starting_ = false;  // what is read now was decided by the life before
};

}  // namespace swarmlab::simulation
