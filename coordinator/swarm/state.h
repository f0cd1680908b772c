// The hot state of the swarm: what decisions need, and no more. History is in the store.
//
// The invariants that the core keeps, checked by tests after every step:
//   I1 An acknowledged report is in the store for good; it counts exactly once.
//   I2 At most one lease of a task is current; a report under an old fencing token changes nothing
//      but the record of what was spent.
//   I3 Every task ends: reported, or expired and retried, or given up after `max_restarts`.
//   I4 A budget is a ledger: reserved at the lease, committed at the report, refunded at expiry; it
//      is never overshot by more than what was already leased.
//   I5 Every commit that a record names is in the object store, before the record is.
//   I6 Frontier, counters and best are equal to what replaying the event log gives.
//   I7 A candidate is kept only on measurements made by a worker's evaluator on a clean checkout.
// I5 and I7 are kept together with the shell: the core only names commits that a report brought.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/model/experiment.h"
#include "common/model/lab.h"
#include "common/model/report.h"
#include "coordinator/judge/noise.h"
#include "coordinator/judge/prospects.h"
#include "coordinator/judge/residual.h"
#include "coordinator/ladder/ranking.h"
#include "coordinator/ladder/rung.h"
#include "coordinator/policy/candidates.h"
#include "coordinator/policy/frontier.h"

namespace swarmlab::swarm {

using policy::FrontierEntry;

struct Lease {
  WorkerName worker;
  FencingToken token;
  MicroUsd reserved;
  Timestamp granted_at;
  Resources takes{};  // of the worker
  bool operator==(const Lease&) const = default;
};

// A candidate that is measured, but not decided yet: it waits to run again, beside its reference.
struct Pending {
  Experiment experiment;  // so far; verdict and reason say why it is measured again
  ExperimentNumber reference;
  ObjectId reference_commit;
  std::uint32_t series = 1;  // place of the first pair among the experiment's measurements
  bool kept = false;         // against an earlier reference: now it is whether it is the best
  std::vector<ExperimentNumber> passed{};  // that it was shown not to be dominated by
  bool operator==(const Pending&) const = default;
};

// What a task measures without an agent.
struct Candidate {
  ObjectId commit;
  ObjectId tree;
  AgentNotes notes;                      // a person's, in the place of an agent's
  std::optional<Injection> injection{};  // a person brought it
  bool operator==(const Candidate&) const = default;
};

// A unit of work that has not ended. It becomes one Experiment; those of kind promote and holdout
// go on with one that is decided.
struct Task {
  TaskId id;
  LabId lab;
  TaskKind kind = TaskKind::explore;
  ExperimentNumber experiment;
  SegmentNumber segment;
  std::optional<ExperimentNumber> parent;
  ObjectId parent_commit;
  std::string picked_because;
  std::optional<Lease> lease;            // none: waits for a worker
  std::uint32_t attempts = 0;            // leases granted so far
  std::uint32_t losses = 0;              // of them, lost without an explanation
  std::string last_loss;                 // of which worker, and how; empty: none
  std::vector<FencingToken> charged;     // tokens whose cost was recorded
  Cost cost;                             // under them
  std::optional<Timestamp> started_at;   // of the first lease
  std::vector<WorkerName> lost_on{};     // workers that were lost with it, each once
  std::vector<PastLease> past_leases{};  // that may still tell what they cost
  std::optional<Pending> pending{};      // its next lease measures it again
  std::optional<MergeWith> merge{};      // of a merge; of a simplification: backwards
  std::optional<Candidate> candidate{};  // none: an agent is to make one
  std::uint32_t scale = 0;               // place on the ladder; of a promotion 1 or more
  bool operator==(const Task&) const = default;
};

enum class LabStatus : std::uint8_t {
  running,
  paused,    // by a person: leases nothing until resumed
  stopping,  // leases nothing more; ends when what runs has ended
  stopped,
};

// What a lab measured against: a new one of these begins a new segment, with a new baseline.
struct Segment {
  SegmentNumber number{1};
  ObjectId lab_commit;
  ObjectId evaluator_hash;
  ObjectId data_hash;
  ExperimentNumber baseline{1};  // the last one that was tried
  bool baseline_measured = false;
  std::optional<ObjectId> holdout_hash{};  // none: no holdout
  bool operator==(const Segment&) const = default;
};

// Where a branch began: it is a lab that was made from an experiment of another.
struct LabOrigin {
  LabId parent;
  ExperimentNumber experiment;
  std::vector<std::string> set;  // laid over the parent's settings: "search.policy=best-of-n"
  bool operator==(const LabOrigin&) const = default;
};

struct Counters {
  std::uint64_t experiments = 0;  // decided, baselines too
  std::uint64_t iterations = 0;   // decided, without baselines
  std::map<Verdict, std::uint64_t> by_verdict;
  // In a row, since the last one that became best; simplifications aside.
  std::uint64_t without_keep = 0;
  bool operator==(const Counters&) const = default;
};

struct Budget {
  MicroUsd spent;
  MicroUsd reserved;          // by current leases
  std::uint64_t charged = 0;  // attempts whose cost is in `spent`
  Milliseconds active{0};     // running time before `running_since`
  std::optional<Timestamp> running_since;
  bool operator==(const Budget&) const = default;
};

// How far the best was tried to be made simpler, by taking one kept change out of it again.
struct Simplifying {
  ExperimentNumber champion;  // the best that was tried last, or what it was simplified to
  ExperimentNumber step;      // the last that was tried: what comes next is older
  bool operator==(const Simplifying&) const = default;
};

// What a person says to the agents of a lab.
struct Hint {
  std::string text;
  std::string who;
  Timestamp at;
  bool operator==(const Hint&) const = default;
};

// The provider of a lab's agents does not answer as it should: no agent is started for a while.
struct Backoff {
  AgentEnd why = AgentEnd::unavailable;
  std::string said;            // the provider's words
  std::uint32_t failures = 0;  // in a row
  Timestamp since;             // of the first
  Timestamp until;             // when it is tried again
  WorkerName worker;           // that told it last
  bool operator==(const Backoff&) const = default;
};

struct Lab {
  LabId id;
  LabSettings settings;
  std::optional<LabOrigin> origin;  // none: no branch
  Segment segment;
  LabStatus status = LabStatus::running;
  std::string stop_reason;
  ExperimentNumber next_experiment{1};
  Counters counters;
  Budget budget;
  std::optional<FrontierEntry> best;  // of the current segment
  std::map<ExperimentNumber, FrontierEntry> frontier;
  policy::Islands islands{};  // of the policy islands; kept while another is in use
  std::map<ObjectId, ExperimentNumber> trees;  // of this segment's candidates: who had it first
  judge::Learned learned{};                    // in this segment
  judge::Prospects prospects{};                // likewise
  std::optional<Simplifying> simplifying{};    // likewise
  std::map<HintNumber, Hint> hints{};          // that hold
  HintNumber next_hint{1};
  std::map<ExperimentNumber, FrontierEntry> rejected{};    // of this segment, by people
  std::map<std::string, judge::Learned> learned_others{};  // of further metrics, of constraints
  std::vector<ladder::Rung> rungs{};                       // one for each scale above the first
  ladder::Climbs holdout{};          // what kept candidates scored on the holdout
  std::optional<Backoff> backoff{};  // none: the provider of its agents answers
  bool operator==(const Lab&) const = default;
};

struct Quarantine {
  std::string why;
  Timestamp at;
  bool operator==(const Quarantine&) const = default;
};

struct Worker {
  WorkerName name;
  std::string host_class;
  std::uint32_t slots = 0;
  Timestamp joined_at;
  Capacity capacity{};
  std::optional<Quarantine> quarantine{};  // it gets nothing until it is released
  std::string key{};                       // public, that it last said hello with; empty: none
  bool measures = false;                   // it understands tasks of kind measure and merge
  std::optional<Quarantine> distrust{};    // its measurements do not count until it is released
  judge::Residual residual{};              // how far off they are
  bool scales = false;      // it understands scales, and tasks of kind promote and holdout
  bool injects = false;     // likewise, of kind inject
  bool presets = false;     // it has agents of kinds beside command
  bool simplifies = false;  // it understands tasks of kind simplify
  bool operator==(const Worker&) const = default;
};

// What is known of who is there just now. Not stored: a restart learns it anew.
struct Presence {
  // A lease that was given to a slot: if it asks again, the answer did not reach it.
  struct Served {
    TaskId task;
    FencingToken token;
    bool operator==(const Served&) const = default;
  };
  struct Seen {
    SessionId session;
    Timestamp last;
    bool leaving = false;  // drains: gets nothing more
    std::map<std::uint32_t, Served> slots{};
    bool operator==(const Seen&) const = default;
  };
  // Too many fell silent at once.
  struct Alarm {
    std::uint32_t silent = 0;
    std::uint32_t holders = 0;
    Timestamp at;
    Timestamp held_until;  // until then nothing expires
    bool operator==(const Alarm&) const = default;
  };
  std::optional<Timestamp> since{};  // the first of them was seen
  std::map<WorkerName, Seen> workers;
  std::map<LabId, WorkerName> reserved;   // is left to drain, so that a large task gets a place
  std::map<TaskId, Timestamp> deadlines;  // of each leased task: the first instant that is too late
  std::map<TaskId, Announcement> announced{};  // of leased tasks whose agents said it
  std::optional<Alarm> alarm;
  bool operator==(const Presence&) const = default;
};

// Open tasks and kept candidates, as decisions look for them: an ask must not walk through all of
// them. Not stored: it follows from tasks and labs (see rebuild_index).
struct Index {
  struct OfLab {
    std::set<TaskId> waiting;         // for a worker
    std::set<TaskId> leased;          // of the current segment
    std::set<TaskId> orphaned;        // leased, but their segment ended: only what they cost counts
    policy::Candidates candidates{};  // of the lab's frontier
    policy::Front front{};            // likewise
    // Of kind promote and holdout, waiting, by scale: what is needed of a worker differs.
    std::map<std::uint32_t, std::set<TaskId>> checks{};
    std::uint64_t leased_checks = 0;          // of `leased`
    std::vector<ladder::Ranking> rankings{};  // of each scale but the largest: who may climb
    // Where simplicity counts: the task that tries to take a kept change out of the best, and the
    // change that is to be tried next.
    std::optional<TaskId> simplifies{};
    std::optional<ExperimentNumber> to_undo{};
    bool operator==(const OfLab&) const = default;
  };
  std::map<LabId, OfLab> labs;                   // of every lab, with open tasks or not
  std::map<WorkerName, std::set<TaskId>> holds;  // by a current lease; workers without are absent
  std::map<WorkerName, Resources> taken;         // by these leases
  bool operator==(const Index&) const = default;
};

// How work went on each worker lately (health.h). Not stored: a restart counts anew.
struct Health {
  struct OfWorker {
    std::set<TaskId> failed{};       // in a row
    std::uint32_t own_failures = 0;  // in a row, of the same task too: the worker said so itself
    std::uint64_t failing_since = 0;
    std::uint64_t last = 0;     // result of it
    std::uint32_t results = 0;  // how many bits of `recent` count
    std::uint32_t recent = 0;   // the newest is bit 0; 1: it failed
    std::optional<Timestamp> lost_at{};
    bool operator==(const OfWorker&) const = default;
  };
  // The last one, and the last one of any other worker.
  struct Latest {
    WorkerName worker;
    std::uint64_t at = 0;
    std::uint64_t of_others = 0;
    bool operator==(const Latest&) const = default;
  };
  std::map<WorkerName, OfWorker> workers;
  std::set<WorkerName> failing;  // those whose last result is a failure
  std::uint64_t results = 0;     // in order: their place is their time
  Latest result;
  Latest success;
  bool operator==(const Health&) const = default;
};

// Whose turn it is (share.h). Not stored: a restart begins anew.
struct Shares {
  struct OfLab {
    std::uint64_t next = 0;  // when its next lease is due, in virtual time
    Milliseconds mean{0};    // how long a lease lasts; 0: not known
    bool operator==(const OfLab&) const = default;
  };
  std::map<LabId, OfLab> labs;
  std::uint64_t now = 0;  // virtual time
  bool operator==(const Shares&) const = default;
};

// Ordered containers: the order of an unordered one would leak into decisions.
struct State {
  std::map<LabId, Lab> labs;
  std::map<TaskId, Task> tasks;
  std::map<WorkerName, Worker> workers;
  LabId next_lab{1};
  TaskId next_task{1};
  FencingToken next_token{1};
  Presence presence;
  Index index;
  Health health;
  Shares shares;

  /// Equal in all that is stored (I6): what only lives in memory does not count.
  [[nodiscard]] bool same_facts(const State& other) const {
    return labs == other.labs && tasks == other.tasks && workers == other.workers &&
           next_lab == other.next_lab && next_task == other.next_task &&
           next_token == other.next_token;
  }
};

/// Makes the index from labs and tasks. For whoever loads a state from records: evolve() needs it.
void rebuild_index(State& state);

}  // namespace swarmlab::swarm
