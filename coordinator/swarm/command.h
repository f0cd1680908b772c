// What the shell asks the core to decide, and what the core answers.
//
// decide() never writes: it returns the changes, and the shell applies, commits and only then sends
// the reply. Clock, randomness and history come in with the command: nothing is read from outside.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/model/report.h"
#include "common/result.h"
#include "coordinator/swarm/change.h"
#include "coordinator/swarm/rules.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

// A lease that a worker says it holds.
struct HeldLease {
  TaskId task;
  FencingToken token;
  bool operator==(const HeldLease&) const = default;
};

struct OpenLab {
  LabSettings settings;
  Segment segment;  // number, baseline and baseline_measured are the core's to fill
  std::string who;
  std::optional<LabOrigin> origin{};  // of a branch; the parent's experiment has a candidate
};

// By name: a lab of this swarm, or with `below` the labs at and below a place of the tree.
struct SetLabStatus {
  std::string lab;
  enum class Wish : std::uint8_t { pause, resume, stop } wish = Wish::stop;
  std::string reason;
  std::string who;
  bool below = false;  // "models" is models/tiny too, and "" all labs
};

struct WorkerArrived {
  Worker worker;
  SessionId session;  // fresh, by the shell: an older session of the same name ends
  std::vector<HeldLease> held;
  bool again = false;  // the process was here before: what it does not hold, it never heard of
};

struct WorkerLeft {
  WorkerName worker;
  SessionId session;
};

// A slot holds nothing when it asks. If it was given a task that it did not report since, it never
// heard of it: it gets the same one again.
struct WorkAsked {
  WorkerName worker;
  SessionId session;
  std::optional<std::uint32_t> slot{};  // of the worker, from 0; none: it does not say
  std::optional<HeldLease> reported{};  // what it reports in the same message
};

struct ReportArrived {
  WorkerName worker;
  Report report;
  // The experiment, if it was decided already: from the store, or from earlier in this burst; with
  // every token that was charged, in this burst too.
  std::optional<Experiment> decided;
  // Of the candidate's editable files, counted from its tree; none: nobody asks for them.
  std::optional<std::uint64_t> lines{};
};

// What the agent of a leased task said.
struct Announced {
  HeldLease lease;
  Announcement said;
};

struct Heartbeat {
  WorkerName worker;
  SessionId session;
  std::vector<HeldLease> held;
  bool leaving = false;
  std::vector<Announced> announced{};
};

// A person says something to the agents of a lab.
struct GiveHint {
  std::string lab;  // name
  std::string text;
  std::string who;
};

struct WithdrawHint {
  std::string lab;  // name
  HintNumber number;
  std::string who;
};

// A person's candidate. The shell checked it: its commit is in the objects, on top of its parent's,
// and differs from that in editable paths only.
struct InjectCandidate {
  std::string lab;  // name
  Candidate candidate;
  ExperimentNumber parent;  // in the frontier
};

// A person takes a kept experiment out.
struct RejectExperiment {
  std::string lab;  // name
  ExperimentNumber experiment;
  std::string why;
  bool descendants = false;  // and the kept ones that descend from it
  std::string who;
};

// A person takes a worker out of quarantine.
struct ReleaseWorker {
  WorkerName worker;
  std::string who;
};

// A person's word on a kept candidate, past the rules of the ladder.
struct SteerCandidate {
  std::string lab;  // name
  ExperimentNumber experiment;
  enum class Wish : std::uint8_t {
    promote,  // to the next scale that it was not measured at
    reject,   // it does not climb there
  } wish = Wish::promote;
  std::string reason;
  std::string who;
};

// Time went on: expires leases, puts workers into quarantine, stops labs whose hours are over.
struct TimePassed {};

// The state was just loaded, or the coordinator stood still for long: every lease gets a full grace
// period.
struct Restarted {
  std::optional<Timestamp> newest{};  // stored before; none: nothing was, or we stood still
};

using Command =
    std::variant<OpenLab, SetLabStatus, WorkerArrived, WorkerLeft, WorkAsked, ReportArrived,
                 Heartbeat, ReleaseWorker, GiveHint, WithdrawHint, InjectCandidate,
                 RejectExperiment, SteerCandidate, TimePassed, Restarted>;

// Answers. An answer that callers must expect is no error.
struct LabIsOpen {
  LabId lab;
  bool resumed = false;  // it was known
  bool new_segment = false;
  // Not empty: it does not run. A limit that already holds and how to raise it, or who paused it.
  std::string stays_stopped{};
};
struct Done {};
// What became of each lab that was named. At least one did what was asked, or did it already.
struct LabsSteered {
  struct One {
    LabId lab;
    LabStatus before = LabStatus::running;
    LabStatus after = LabStatus::running;
    std::string why;  // it stays as it is, though something else was asked
    bool operator==(const One&) const = default;
  };
  std::vector<One> labs;
};
struct Welcome {
  std::vector<HeldLease> keep;  // of those that the worker holds; the rest it must drop
};
struct Granted {
  TaskId task;  // the state after the turn has the rest
  FencingToken token;
};
struct NothingToDo {
  std::string because;
  Milliseconds retry_after{0};
};
struct ReportCounted {
  Verdict verdict = Verdict::discard;
  std::string reason;
  bool decided = true;  // false: it is measured again, and the verdict says nothing yet
};
// It counts as nothing but its cost; also the answer to outcome `returned`.
struct ReportStale {
  std::string because;
};
struct HeartbeatHeard {
  std::vector<HeldLease> drop;  // of what the worker holds: end it, nobody waits for it
};
// The session is not known: say hello again.
struct SayHello {};
struct HintStands {
  LabId lab;
  HintNumber number;
  Hint hint;
  bool holds = true;  // false: it was withdrawn
};
struct CandidateInjected {
  LabId lab;
  ExperimentNumber experiment;  // that measures it, or did
  std::optional<ExperimentNumber> parent{};
  bool is_new = true;  // false: the same tree was there already
};
struct Rejected {
  LabId lab;
  std::vector<ExperimentNumber> now;  // that were not before
  ExperimentNumber best;
  std::vector<ExperimentNumber> descendants;  // kept ones that descend from it, and stay
};

using Reply = std::variant<LabIsOpen, Done, LabsSteered, Welcome, Granted, NothingToDo,
                           ReportCounted, ReportStale, HeartbeatHeard, SayHello, HintStands,
                           CandidateInjected, Rejected, Error>;

struct Decision {
  std::vector<Change> changes;  // become durable together, in this order
  Reply reply;                  // sent only once they are
};

/// Decides a command at `now`. Deterministic: equal arguments give equal decisions.
/// \pre  the state's index is right (evolve keeps it, rebuild_index makes it after a load), and a
///       loaded state was first given Restarted.
/// \complexity  logarithmic in open tasks and in history; linear in labs and in what the command
///              lists. TimePassed and Restarted are linear in current leases, OpenLab in open tasks
///              of the lab.
[[nodiscard]] Decision decide(const State& state, const Rules& rules, const Command& command,
                              Timestamp now);

}  // namespace swarmlab::swarm
