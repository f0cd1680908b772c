// What the swarm decided: facts in the past tense. Memory (evolve), disk (the store), watchers
// (events) and recovery all read the same ones, so that they cannot disagree (I6).
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "common/model/experiment.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

struct LabOpened {
  LabId lab;
  LabSettings settings;
  Segment segment;
  std::string who;
  std::optional<LabOrigin> origin{};  // of a branch
  bool operator==(const LabOpened&) const = default;
};

// Settings that do not touch what scores mean: limits, agent, policy.
struct SettingsChanged {
  LabId lab;
  LabSettings settings;
  std::string who;
  bool operator==(const SettingsChanged&) const = default;
};

// The evaluator, the data, the guard, the metric or the artifact's start changed: scores begin
// anew. Nothing waits in the old segment; what is leased is an orphan from now on.
struct SegmentBegan {
  LabId lab;
  Segment segment;
  std::string why;
  bool operator==(const SegmentBegan&) const = default;
};

struct LabStatusChanged {
  LabId lab;
  LabStatus status = LabStatus::running;
  std::string reason;  // of stopping and stopped: which limit, or who
  std::string who;
  Timestamp at;  // running time is counted with it
  bool operator==(const LabStatusChanged&) const = default;
};

struct TaskCreated {
  TaskId task;
  LabId lab;
  TaskKind kind = TaskKind::explore;
  ExperimentNumber experiment;
  SegmentNumber segment;
  std::optional<ExperimentNumber> parent;
  ObjectId parent_commit;
  std::string picked_because;
  std::optional<MergeWith> merge{};
  std::optional<Candidate> candidate{};  // none: an agent is to make one
  bool operator==(const TaskCreated&) const = default;
};

struct LeaseGranted {
  TaskId task;
  WorkerName worker;
  FencingToken token;
  MicroUsd reserved;
  Timestamp at;
  Resources takes{};  // of the worker, until the lease ends
  bool operator==(const LeaseGranted&) const = default;
};

enum class LeaseEnd : std::uint8_t {
  expired,
  worker_restarted,
  returned,       // told to, or by a worker that left
  worker_failed,  // handed back as well, but because something failed on the worker
};

// Ended without a report that counts. The task waits again, or an ExperimentFinished follows.
struct LeaseEnded {
  TaskId task;
  FencingToken token;
  LeaseEnd how = LeaseEnd::expired;
  Timestamp at;
  std::string why{};  // of `returned`: the worker's own words; may be empty
  bool operator==(const LeaseEnded&) const = default;
};

// Its segment ended: at once if it waited, else when its lease ended. It becomes no experiment, and
// its number stays unused; what it cost is in the budget.
struct TaskDropped {
  TaskId task;
  LabId lab;
  ExperimentNumber experiment;
  std::string why;
  Timestamp at;
  bool operator==(const TaskDropped&) const = default;
};

// Spent under a token whose report does not count otherwise. Each (task, token) once. The task may
// be open (its experiment will have the cost) or decided (the stored experiment's cost and charged
// tokens grow).
struct CostSpent {
  LabId lab;
  ExperimentNumber experiment;
  TaskId task;
  FencingToken token;
  Cost cost;
  bool operator==(const CostSpent&) const = default;
};

// A report counted, but does not decide: the lease ends, and the task waits to be measured again.
struct CandidateMeasured {
  LabId lab;
  TaskId task;
  FencingToken token;
  Pending pending;  // as it is from now on
  Cost cost;        // of this report alone
  Timestamp at;
  std::optional<ExperimentNumber>
      beside{};  // whose run is the last measurement; none: no pair came
  bool operator==(const CandidateMeasured&) const = default;
};

// The task is no more. If workers were lost too often, the experiment's token is zero: no report
// counted.
struct ExperimentFinished {
  Experiment experiment;      // its cost includes what was charged before
  Cost cost;                  // of this report alone: what is added to the budget now
  bool becomes_best = false;  // a keep enters the frontier, and may become best
  bool advances = false;      // without that: it adds to the frontier of several metrics
  std::optional<ExperimentNumber> beside{};  // as of CandidateMeasured
  bool operator==(const ExperimentFinished&) const = default;
};

// A kept candidate may climb to a scale whose promotions a person decides.
struct PromotionProposed {
  LabId lab;
  ExperimentNumber experiment;
  std::uint32_t scale = 1;  // place on the ladder
  std::string why;
  Timestamp at;
  bool operator==(const PromotionProposed&) const = default;
};

// It climbs: it is measured there once the scale's baseline is.
struct Promoted {
  LabId lab;
  ExperimentNumber experiment;
  std::uint32_t scale = 1;
  std::string why;
  std::string who;
  Timestamp at;
  bool operator==(const Promoted&) const = default;
};

struct PromotionRejected {
  LabId lab;
  ExperimentNumber experiment;
  std::uint32_t scale = 1;
  std::string why;
  std::string who;
  Timestamp at;
  bool operator==(const PromotionRejected&) const = default;
};

// A task of kind promote or holdout: a candidate that is decided is measured elsewhere. It has the
// candidate's number, and makes no experiment.
struct CheckBegan {
  TaskId task;
  LabId lab;
  TaskKind kind = TaskKind::promote;
  ExperimentNumber experiment;
  SegmentNumber segment;
  std::uint32_t scale = 0;  // of a holdout 0
  ObjectId commit;
  std::string why;
  Timestamp at;
  bool operator==(const CheckBegan&) const = default;
};

// The task is no more.
struct CheckEnded {
  TaskId task;
  LabId lab;
  TaskKind kind = TaskKind::promote;
  ExperimentNumber experiment;
  std::uint32_t scale = 0;
  ladder::Climb climb;  // as it is from now on
  WorkerName worker;    // whose report ended it; empty: it was given up
  bool becomes_champion = false;
  std::string closes;  // the baseline failed: why nothing climbs to the scale
  Timestamp at;
  bool operator==(const CheckEnded&) const = default;
};

struct WorkerJoined {
  Worker worker;
  bool operator==(const WorkerJoined&) const = default;
};

// It gets nothing more until a person releases it: too much failed on it that did not elsewhere. Or
// its measurements alone do not count: they are unlike those of others.
struct WorkerQuarantined {
  WorkerName worker;
  std::string why;
  Timestamp at;
  bool measures_only = false;
  bool operator==(const WorkerQuarantined&) const = default;
};

struct WorkerReleased {
  WorkerName worker;
  std::string who;
  Timestamp at;
  bool operator==(const WorkerReleased&) const = default;
};

// It is gone for long, and there are too many of those. Should it come back, it is a new one.
struct WorkerForgotten {
  WorkerName worker;
  Timestamp at;
  bool operator==(const WorkerForgotten&) const = default;
};

// Many workers fell silent at once: that is the network's fault or ours, more likely than theirs.
// What they hold does not expire before `held_until`.
struct AlarmRaised {
  std::uint32_t silent = 0;
  std::uint32_t holders = 0;  // workers that held leases
  Timestamp at;
  Timestamp held_until;
  bool operator==(const AlarmRaised&) const = default;
};

struct AlarmCleared {
  Timestamp at;
  bool operator==(const AlarmCleared&) const = default;
};

// No coordinator ran in between: no lab's running time counts it.
struct TimeSkipped {
  Timestamp from;
  Timestamp until;
  bool operator==(const TimeSkipped&) const = default;
};

// A backup was restored: what was given out after it was taken is not known any more, but is out
// there. All numbers jump ahead, so that none of it is mistaken for what comes now.
struct BackupRestored {
  Timestamp at;
  LabId next_lab;
  TaskId next_task;
  FencingToken next_token;
  std::uint64_t skipped = 0;  // numbers of experiments, of every lab
  bool operator==(const BackupRestored&) const = default;
};

// A person tells something to the agents of a lab. It is in every brief until it is withdrawn.
struct HintGiven {
  LabId lab;
  HintNumber number;
  Hint hint;
  bool operator==(const HintGiven&) const = default;
};

struct HintWithdrawn {
  LabId lab;
  HintNumber number;
  std::string who;
  Timestamp at;
  bool operator==(const HintWithdrawn&) const = default;
};

// A person takes a kept experiment out of the frontier of this segment. The stored experiment gets
// the rejection; its verdict stays what the measurements gave.
struct ExperimentRejected {
  LabId lab;
  ExperimentNumber experiment;
  Rejection rejection;
  ExperimentNumber best;  // from now on
  bool operator==(const ExperimentRejected&) const = default;
};

// An agent's provider asked to wait, failed or could not be reached. The attempt went back.
struct ProviderFailed {
  LabId lab;
  Backoff backoff;  // as it is from now on
  bool operator==(const ProviderFailed&) const = default;
};

struct ProviderAnswered {
  LabId lab;
  std::string who;  // a person ended the wait; empty: an agent worked again
  Timestamp at;
  bool operator==(const ProviderAnswered&) const = default;
};

// Not stored: its worker says it again with each heartbeat.
struct HypothesisAnnounced {
  TaskId task;
  FencingToken token;
  Announcement said;
  bool operator==(const HypothesisAnnounced&) const = default;
};

// Not stored (see is_stored): who is there, and until when a lease holds.
struct WorkerSeen {
  WorkerName worker;
  SessionId session;
  Timestamp at;
  bool leaving = false;
  bool operator==(const WorkerSeen&) const = default;
};

// Not stored. A task of the lab fits this worker, but not beside what runs there: nothing else is
// given to it until one of the lab's tasks found a place.
struct WorkerReserved {
  LabId lab;
  WorkerName worker;
  bool operator==(const WorkerReserved&) const = default;
};

// Not stored. What a slot was given last; task and token zero: nothing that it may ask for again.
struct SlotServed {
  WorkerName worker;
  std::uint32_t slot = 0;
  TaskId task;
  FencingToken token;
  bool operator==(const SlotServed&) const = default;
};

struct WorkerGone {
  WorkerName worker;
  bool operator==(const WorkerGone&) const = default;
};

struct LeaseExtended {
  TaskId task;
  FencingToken token;
  Timestamp until;
  bool operator==(const LeaseExtended&) const = default;
};

using Change = std::variant<
    LabOpened, SettingsChanged, SegmentBegan, LabStatusChanged, TaskCreated, LeaseGranted,
    LeaseEnded, TaskDropped, CostSpent, CandidateMeasured, ExperimentFinished, PromotionProposed,
    Promoted, PromotionRejected, CheckBegan, CheckEnded, WorkerJoined, WorkerQuarantined,
    WorkerReleased, AlarmRaised, AlarmCleared, TimeSkipped, BackupRestored, HintGiven,
    HintWithdrawn, ExperimentRejected, ProviderFailed, ProviderAnswered, WorkerForgotten,
    HypothesisAnnounced, WorkerReserved, WorkerSeen, SlotServed, WorkerGone, LeaseExtended>;

/// Whether the fact goes to disk. What is not stored is learned anew after a restart.
[[nodiscard]] bool is_stored(const Change& change);

/// Whether the candidate's tree is known from then on, so that the same one is a duplicate. It is
/// that of the first that had it, or of the one that was kept.
[[nodiscard]] bool makes_tree_known(const Experiment& experiment);

/// Applies a fact: the only writer of state. Cannot fail: what could fail was checked by decide(),
/// and a fact that does not fit the state ends the process.
void evolve(State& state, const Change& change);

}  // namespace swarmlab::swarm
