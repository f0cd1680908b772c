// A swarm with a model beside it that is kept from the facts alone: who may count, what was
// charged, what is kept. It shares no code with the core.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {

class NotedSwarm : public SwarmUnderTest {
 public:
  std::string violation;        // the first; empty: none
  State replayed;               // what the stored changes alone give (I6)
  std::vector<Change> history;  // all stored changes

  void apply(const Change& change) override {
    evolve(state, change);
    if (is_stored(change)) {
      evolve(replayed, change);
      history.push_back(change);
    }
    std::visit([this](const auto& fact) { note(fact); }, change);
  }

  void require(bool holds, const char* what) {
    if (!holds && violation.empty()) violation = what;
  }

 protected:
  struct ModelLease {
    WorkerName worker;
    FencingToken token;
  };
  using Leases = std::map<TaskId, ModelLease>;
  using Deadlines = std::map<TaskId, Timestamp>;

  std::set<TaskId> open_;
  std::set<WorkerName> quarantined_;
  std::map<LabId, std::set<HintNumber>> hints_;
  std::set<WorkerName> distrusted_;
  // Scores of each kept candidate of this segment: its own, and as the reference of others.
  struct Runs {
    double sum = 0.0;
    std::uint64_t count = 0;
  };
  std::map<LabId, std::map<ExperimentNumber, Runs>> runs_;
  Leases leases_;
  Deadlines deadlines_;
  FencingToken last_token_;
  std::map<FencingToken, std::pair<TaskId, WorkerName>> granted_;
  std::map<std::pair<TaskId, FencingToken>, std::int64_t> charged_;
  std::map<LabId, std::int64_t> spent_;
  std::map<LabId, std::uint64_t> attempts_charged_;
  std::map<LabId, std::uint64_t> without_keep_;
  std::map<std::pair<LabId, SegmentNumber>, double> volumes_;  // of labs with several metrics
  std::map<LabId, std::map<ExperimentNumber, std::uint64_t>> visits_;  // of this segment
  std::map<LabId, std::set<ExperimentNumber>> numbers_;
  // Best, and what was tried to be taken out of it, since a person last rejected one.
  std::map<LabId, std::set<std::pair<ExperimentNumber, ExperimentNumber>>> tried_;
  std::map<std::pair<LabId, ExperimentNumber>, ReportCounted> answers_;
  std::set<std::pair<TaskId, FencingToken>> counted_;
  std::map<TaskId, ladder::Climb> ended_checks_;

 private:
  void end_lease(TaskId task) {
    leases_.erase(task);
    deadlines_.erase(task);
  }

  void charge(LabId lab, TaskId task, FencingToken token, std::int64_t cost) {
    require(charged_.emplace(std::pair(task, token), cost).second, "I1: a token is charged twice");
    spent_[lab] += cost;
    attempts_charged_[lab] += 1;
  }

  void note(const LabOpened&) {}
  void note(const SettingsChanged&) {}
  void note(const LabStatusChanged&) {}
  void note(const WorkerJoined&) {}
  void note(const BackupRestored&) {}
  void note(const WorkerSeen&) {}
  void note(const HintGiven& fact) {
    require(hints_[fact.lab].insert(fact.number).second, "a hint is given twice");
  }
  void note(const HintWithdrawn& fact) {
    require(hints_[fact.lab].erase(fact.number) == 1, "a hint is withdrawn that does not hold");
  }
  void note(const ExperimentRejected& fact) {
    const auto found = stored.find({fact.lab, fact.experiment});
    const Segment& segment = state.labs.at(fact.lab).segment;
    require(found != stored.end() && found->second.verdict == Verdict::keep &&
                found->second.segment == segment.number && found->second.kind != TaskKind::baseline,
            "rejected, but not kept in this segment");
    if (found == stored.end()) return;
    require(!found->second.rejection, "rejected twice");
    found->second.rejection = fact.rejection;
    tried_[fact.lab].clear();
    volumes_.erase({fact.lab, segment.number});  // it is smaller without
  }
  void note(const ProviderFailed& fact) {
    require(fact.backoff.until >= now && fact.backoff.since <= now && fact.backoff.failures > 0,
            "a lab waits for a provider without an end, or without a cause");
  }
  void note(const ProviderAnswered&) {}
  void note(const HypothesisAnnounced& fact) {
    const auto lease = leases_.find(fact.task);
    require(lease != leases_.end() && lease->second.token == fact.token,
            "announced, but not leased");
  }
  void note(const WorkerReserved&) {}
  void note(const AlarmRaised&) {}
  void note(const AlarmCleared&) {}
  void note(const TimeSkipped&) {}
  void note(const WorkerQuarantined& fact) {
    std::set<WorkerName>& aside = fact.measures_only ? distrusted_ : quarantined_;
    require(aside.insert(fact.worker).second, "put into quarantine twice");
  }
  void note(const WorkerForgotten& fact) {
    require(!quarantined_.contains(fact.worker) && !distrusted_.contains(fact.worker),
            "one that is put aside is forgotten");
    require(std::ranges::none_of(leases_,
                                 [&](const auto& one) { return one.second.worker == fact.worker; }),
            "one that holds a lease is forgotten");
  }
  void note(const WorkerReleased& fact) {
    require(quarantined_.erase(fact.worker) + distrusted_.erase(fact.worker) > 0,
            "released from no quarantine");
  }
  void note(const SlotServed&) {}
  void note(const PromotionProposed& fact) { check_climbs(fact.lab, fact.experiment, fact.scale); }
  void note(const Promoted& fact) { check_climbs(fact.lab, fact.experiment, fact.scale); }
  void note(const PromotionRejected& fact) { check_climbs(fact.lab, fact.experiment, fact.scale); }

  void check_climbs(LabId lab, ExperimentNumber number, std::uint32_t scale) {
    const auto found = stored.find({lab, number});
    require(found != stored.end() && found->second.verdict == Verdict::keep,
            "not kept, but climbs");
    require(scale >= 1 && scale <= state.labs.at(lab).rungs.size(), "climbs to no scale");
  }

  void note(const CheckBegan& fact) {
    require(open_.insert(fact.task).second, "a task is created twice");
    const auto found = stored.find({fact.lab, fact.experiment});
    require(found != stored.end() && found->second.verdict == Verdict::keep &&
                found->second.commit == fact.commit,
            "what is checked is no kept candidate");
  }

  void note(const CheckEnded& fact) {
    require(open_.erase(fact.task) == 1, "I3: a task ends twice");
    if (fact.worker.value().empty()) {
      require(!leases_.contains(fact.task), "given up while it runs");
    } else {
      const auto lease = leases_.find(fact.task);
      require(lease != leases_.end() && !fact.climb.tokens.empty() &&
                  lease->second.token == fact.climb.tokens.back(),
              "I2: a report counts that holds no current lease");
      ended_checks_.emplace(fact.task, fact.climb);
    }
    end_lease(fact.task);
    if (fact.becomes_champion) {
      require(fact.climb.has_score(), "I7: a champion without a measurement");
      const Lab& lab = state.labs.at(fact.lab);
      for (const Measurement& run : fact.climb.measurements) {
        require(run.identity.scale == lab.settings.scales.at(fact.scale).name,
                "I7: a champion on a measurement of another scale");
      }
    }
  }
  void note(const WorkerGone&) {}

  void note(const SegmentBegan& fact) {
    visits_[fact.lab].clear();
    runs_[fact.lab].clear();
    without_keep_[fact.lab] = 0;
    for (const TaskId task : open_) {
      require(state.tasks.at(task).lab != fact.lab || leases_.contains(task),
              "a task waits in a segment that ended");
    }
  }

  void note(const TaskCreated& fact) {
    require(open_.insert(fact.task).second, "a task is created twice");
    require(numbers_[fact.lab].insert(fact.experiment).second, "a number is given twice");
    if (!fact.parent) return;
    visits_[fact.lab][*fact.parent] += 1;
    if (fact.kind == TaskKind::simplify) {
      const ExperimentNumber step = fact.merge.value().other;
      require(step < *fact.parent && tried_[fact.lab].emplace(*fact.parent, step).second,
              "a change is tried to be taken out of the same candidate again");
    }
    const auto parent = stored.find({fact.lab, *fact.parent});
    require(parent != stored.end() && !parent->second.rejection, "a rejected one is a parent");
  }

  void note(const LeaseGranted& fact) {
    require(open_.contains(fact.task), "a task is leased after its end");
    require(fact.token > last_token_, "I2: a token does not grow");
    last_token_ = fact.token;
    granted_.emplace(fact.token, std::pair(fact.task, fact.worker));
    require(leases_.emplace(fact.task, ModelLease{fact.worker, fact.token}).second,
            "I2: two leases of a task are current");
  }

  void note(const LeaseExtended& fact) {
    const auto lease = leases_.find(fact.task);
    require(lease != leases_.end() && lease->second.token == fact.token, "no lease to extend");
    deadlines_.insert_or_assign(fact.task, fact.until);
  }

  void note(const LeaseEnded& fact) {
    const auto lease = leases_.find(fact.task);
    require(lease != leases_.end() && lease->second.token == fact.token, "no lease to end");
    end_lease(fact.task);
  }

  void note(const TaskDropped& fact) {
    require(open_.erase(fact.task) == 1, "I3: a task ends twice");
    end_lease(fact.task);
  }

  void note(const CostSpent& fact) {
    charge(fact.lab, fact.task, fact.token, fact.cost.usd.value());
    const auto found = stored.find({fact.lab, fact.experiment});
    if (found == stored.end()) return;
    found->second.charged.push_back(fact.token);
    found->second.cost.usd = MicroUsd(found->second.cost.usd.value() + fact.cost.usd.value());
  }

  void note(const CandidateMeasured& fact) {
    require(open_.contains(fact.task), "a task is measured after its end");
    const Experiment& one = fact.pending.experiment;
    require(one.commit && one.tree && !one.measurements.empty(),
            "measured again, but never before");
    check_counts(one, fact.token, fact.cost);
    note_beside(one, fact.beside);
    end_lease(fact.task);
  }

  void note_beside(const Experiment& one, const std::optional<ExperimentNumber>& beside) {
    if (!beside) return;
    Runs& runs = runs_[one.lab][*beside];
    runs.sum += one.measurements.back().score;
    runs.count += 1;
  }

  // A report of `token` counts: it holds the current lease, and what it cost is charged once.
  void check_counts(const Experiment& one, FencingToken token, const Cost& cost) {
    const auto lease = leases_.find(one.task);
    require(lease != leases_.end() && lease->second.token == token,
            "I2: a report counts that holds no current lease");
    require(std::ranges::count(one.measured_under, token) == 1, "I1: it is not known as counted");
    const bool is_free =
        (one.measured_under.size() > 1 || !makes_experiment(one.kind)) && cost == Cost{};
    if (is_free || charged_.contains({one.task, token})) {
      require(cost == Cost{}, "I1: a cost counts twice");
    } else {
      charge(one.lab, one.task, token, cost.usd.value());
    }
  }

  void note(const ExperimentFinished& fact) {
    const Experiment& one = fact.experiment;
    require(open_.erase(one.task) == 1, "I3: a task ends twice");
    require(stored.emplace(std::pair(one.lab, one.number), one).second,
            "I1: an experiment is decided twice");
    if (one.token == FencingToken()) {
      require(one.verdict == Verdict::crash && !leases_.contains(one.task),
              "given up while it runs");
      require(fact.cost == Cost{}, "given up, but it cost something");
    } else {
      require(!one.measured_under.empty(), "decided without a report");
      if (!one.measured_under.empty()) check_counts(one, one.measured_under.back(), fact.cost);
    }
    end_lease(one.task);
    const bool keep = one.verdict == Verdict::keep;
    std::uint64_t& without = without_keep_[one.lab];
    const bool is_progress = fact.becomes_best || fact.advances || one.kind == TaskKind::baseline;
    if (one.kind != TaskKind::simplify) without = is_progress ? 0 : without + 1;
    require(!one.simpler || (keep && fact.becomes_best), "simpler, but not the best");
    check_advance(fact);
    if (keep) {
      check_kept(one);
      const bool is_baseline = one.kind == TaskKind::baseline;
      const std::uint64_t count =
          is_baseline ? one.measurements.size() : (one.evidence ? one.evidence->pairs : 1);
      runs_[one.lab][one.number] = {.sum = one.score().value_or(0.0) * static_cast<double>(count),
                                    .count = count};
    }
    note_beside(one, fact.beside);
  }

  // The hypervolume of a segment never falls, and grows exactly where it is said to.
  void check_advance(const ExperimentFinished& fact) {
    const Experiment& one = fact.experiment;
    if (one.verdict != Verdict::keep || !one.hypervolume) return;
    const auto [known, is_first] =
        volumes_.emplace(std::pair(one.lab, one.segment), *one.hypervolume);
    if (is_first) return;  // a baseline, or after a rejection: then it is not known what is left
    double& before = known->second;
    require(*one.hypervolume >= before * (1.0 - 1e-9), "what is kept made the hypervolume smaller");
    require(fact.advances || *one.hypervolume <= std::max(1.0, before) * (1.0 + 1e-9),
            "the hypervolume grew, but nobody said so");
    before = std::max(before, *one.hypervolume);
  }

  void check_kept(const Experiment& one) {
    const Segment& segment = state.labs.at(one.lab).segment;
    require(one.segment == segment.number, "an experiment of an old segment is kept");
    require(one.commit && one.tree && !one.measurements.empty(), "I7: kept without measurement");
    if (one.measurements.empty() || !one.tree) return;
    const ScoreIdentity& identity = one.measurements[0].identity;
    require(identity.evaluator == segment.evaluator_hash && identity.data == segment.data_hash &&
                identity.tree == *one.tree,
            "I7: kept on a measurement of something else");
  }
};

}  // namespace swarmlab::swarm
