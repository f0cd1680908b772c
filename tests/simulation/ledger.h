// What the coordinator's log of events adds up to, kept from the facts alone and checked with each
// of them: the invariants of coordinator/swarm/state.h. It shares no code with the core.
#pragma once

#include <algorithm>
#include <map>
#include <set>

#include "coordinator/store/store.h"
#include "tests/simulation/commits.h"
#include "tests/simulation/truth.h"

namespace swarmlab::simulation {

class Ledger {
 public:
  Ledger(World& world, const Truth& truth, const CommitDisk& commits)
      : world_(world), truth_(truth), commits_(commits) {}

  struct Decided {
    FencingToken token;  // zero: given up
    Verdict verdict = Verdict::discard;
    LabId lab;
    ExperimentNumber number;
    std::vector<FencingToken> measured_under{};  // all whose reports counted
    [[nodiscard]] bool counts(FencingToken report) const {
      return std::ranges::count(measured_under, report) > 0;
    }
  };

  void take(const store::StoredEvent& event);
  /// What state must be equal to: all events, evolved.
  [[nodiscard]] const swarm::State& replayed() const { return replayed_; }
  [[nodiscard]] Sequence last() const { return last_; }

  [[nodiscard]] const Decided* decided(TaskId task) const;
  [[nodiscard]] const std::map<TaskId, Decided>& all_decided() const { return decided_; }
  /// A report under it counted, whatever was decided since.
  [[nodiscard]] bool has_counted(FencingToken token) const { return counted_.contains(token); }
  [[nodiscard]] bool is_leased(TaskId task, FencingToken token) const;
  [[nodiscard]] bool is_charged(FencingToken token) const { return charged_.contains(token); }
  /// Its segment ended: nobody knows it any more, nor what its attempts cost.
  [[nodiscard]] bool was_dropped(TaskId task) const { return dropped_.contains(task); }

  /// Budgets, counters and leases of the state are those of the facts.
  void check(const swarm::State& state) const;

  /// Called for each lease that ended because it was not heard of.
  std::function<void(TaskId, FencingToken)> on_expired;

 private:
  void note(const swarm::TaskCreated& fact);
  void note(const swarm::LeaseGranted& fact);
  void note(const swarm::LeaseEnded& fact);
  void note(const swarm::TaskDropped& fact);
  void note(const swarm::CostSpent& fact);
  void note(const swarm::CandidateMeasured& fact);
  void note(const swarm::ExperimentFinished& fact);
  void note(const swarm::CheckBegan& fact);
  void note(const swarm::CheckEnded& fact);
  template <class Other>
  void note(const Other& /*says nothing of tasks*/) {}

  void end_lease(TaskId task);
  void charge(LabId lab, FencingToken token, const Cost& cost);
  void count(const Experiment& one, const Cost& cost);
  void check_candidate(const Experiment& one);
  void check_lab(const swarm::Lab& lab) const;

  struct Lease {
    FencingToken token;
    LabId lab;
    MicroUsd reserved;
  };

  World& world_;
  const Truth& truth_;
  const CommitDisk& commits_;
  swarm::State replayed_;
  Sequence last_;
  FencingToken last_token_;
  std::map<TaskId, LabId> open_;
  std::map<TaskId, Lease> leases_;
  std::map<TaskId, Decided> decided_;
  std::set<TaskId> dropped_;
  std::set<std::pair<LabId, ExperimentNumber>> numbers_;
  std::set<FencingToken> charged_;
  std::set<FencingToken> counted_;
  std::map<LabId, std::int64_t> spent_;
  std::map<LabId, std::uint64_t> count_;
  std::map<LabId, std::map<Verdict, std::uint64_t>> by_verdict_;
};

}  // namespace swarmlab::simulation
