@0xe7c41d0b93f2a865;
# What only the store speaks: the hot state of the swarm, and its changes as events. Mirrors
# coordinator/swarm/state.h and change.h; fields and changes are only ever added, so that an old
# store stays readable. Object ids are Data of 20 bytes. Instants are milliseconds UTC since 1970.
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("swarmlab::schema");
using LabFile = import "lab.capnp";
using Record = import "record.capnp";

struct MaybeId {
  union { none @0 :Void; id @1 :UInt64; }
}

struct MaybeTime {
  union { none @0 :Void; ms @1 :Int64; }
}

enum LabStatus { running @0; paused @1; stopping @2; stopped @3; }

enum LeaseEnd { expired @0; workerRestarted @1; returned @2; workerFailed @3; }

struct Segment {
  number @0 :UInt64;
  labCommit @1 :Data;
  evaluatorHash @2 :Data;
  dataHash @3 :Data;          # 20 zero bytes: no data
  baseline @4 :UInt64;
  baselineMeasured @5 :Bool;
  holdoutHash @6 :Data;       # empty: no holdout
}

struct FrontierEntry {
  number @0 :UInt64;
  score @1 :Float64;          # finite
  commit @2 :Data;
  visits @3 :UInt64;
  parent @4 :MaybeId;         # none: a baseline, or an older build wrote it: the experiment says
  level @5 :LabFile.MaybeNumber;  # the score by all its runs; none: as score
  runs @6 :UInt64;            # that level is the mean of
  size @7 :LabFile.MaybeNumber;   # where simplicity counts
  unused @8 :Float64;
  merged @9 :MaybeId;         # none: it is no merge
  doubt @10 :Float64;          # half of the score's interval; 0: it is exact, or nothing is known
  climbs @11 :List(Climb);     # what became of it beyond the first scale
  others @12 :List(Float64);   # of the further metrics, in the order of the settings; finite
  concededFrom @13 :MaybeId;   # since which one simplifications give up some of the score
  undoes @14 :MaybeId;         # of a simplification: the kept change that it took out
}

enum Standing { proposed @0; promoted @1; running @2; measured @3; demoted @4; failed @5; rejected @6; }

struct Climb {
  # Of a kept candidate to a larger scale, or to the holdout.
  scale @0 :UInt32;           # place on the ladder, the first is 0. Of a holdout: 0
  standing @1 :Standing;
  reason @2 :Text;
  who @3 :Text;               # let it climb, or rejected it
  task @4 :MaybeId;           # the last one that measured it
  tokens @5 :List(UInt64);    # whose reports counted
  score @6 :Float64;          # with measurements only
  doubt @7 :Float64;
  measurements @8 :List(Record.Measurement);
  evidence @9 :Record.Evidence;  # absent: not compared in pairs
  atMs @10 :Int64;
}

struct Rung {
  # Of a scale above the first, less its climbs: the frontier's entries have them.
  champion @0 :MaybeId;
  learned @1 :Lab.Learned;
  begun @2 :UInt64;           # measurements of candidates, less the baseline's
  spentMs @3 :Int64;          # measuring, all workers together
  closed @4 :Text;            # why nothing climbs to it; empty: it is open
}

struct Island {
  founder @0 :UInt64;         # what it began with, or a better one that came later
  since @1 :UInt64;           # only experiments after this one are on it
}

struct Origin {
  parent @0 :UInt64;          # lab
  experiment @1 :UInt64;
  set @2 :List(Text);
}

struct Lab {
  # Column family labs. Its frontier and trees have families of their own.
  id @0 :UInt64;
  settings @1 :LabFile.LabSettings;
  segment @2 :Segment;
  status @3 :LabStatus;
  stopReason @4 :Text;
  nextExperiment @5 :UInt64;
  counters @6 :Counters;
  budget @7 :Budget;
  best @8 :FrontierEntry;     # absent: none yet
  origin @9 :Origin;          # of a branch; absent: it is none
  islands @10 :List(Island);
  learned @11 :Learned;       # of the noise; absent: nothing yet
  prospects @12 :Prospects;   # absent: nothing is known
  simplifying @13 :Simplifying;   # absent: nothing was tried
  rungs @14 :List(Rung);      # one for each scale above the first; none: no ladder yet

  struct Prospects {
    # What further experiments can be expected to bring.
    memories @0 :List(Memory);
    gain @1 :Float64;           # of new bests, summed, each less the older it is
    gains @2 :Float64;          # how many these are
    costUsd @3 :Float64;        # of experiments, likewise
    costs @4 :Float64;
    struct Memory { successes @0 :Float64; failures @1 :Float64; weight @2 :Float64; }
  }
  struct Simplifying {
    champion @0 :UInt64;
    step @1 :UInt64;            # the last that was tried to be taken out of it
  }
  hints @15 :List(HintRecord);      # that were not withdrawn
  nextHint @16 :UInt64;       # 0: of an older build, none was given
  rejected @17 :List(FrontierEntry);  # of this segment, as they were in the frontier
  learnedOthers @18 :List(LearnedOther);  # of further metrics and of constraints
  backoff @19 :Backoff;       # absent: the provider of its agents answers

  struct LearnedOther { metric @0 :Text; learned @1 :Learned; }

  struct Learned {
    squares @0 :Float64;
    degrees @1 :UInt64;
    home @2 :Text;
    hosts @3 :List(Host);
    scores @4 :List(Float64);   # of first runs, above zero: the newest ones
    first @5 :LabFile.MaybeNumber;  # of the baseline's first run
    struct Host { hostClass @0 :Text; ratio @1 :Float64; runs @2 :UInt64; }
  }

  struct Counters {
    experiments @0 :UInt64;
    iterations @1 :UInt64;
    byVerdict @2 :List(Count);
    withoutKeep @3 :UInt64;
    struct Count { verdict @0 :Record.Verdict; count @1 :UInt64; }
  }
  struct Budget {
    spentMicroUsd @0 :Int64;
    reservedMicroUsd @1 :Int64;
    charged @2 :UInt64;
    activeMs @3 :Int64;
    runningSince @4 :MaybeTime;
  }
}

struct Backoff {
  # The provider of a lab's agents does not answer as it should: nothing is leased for a while.
  why @0 :Record.AgentEnd;
  said @1 :Text;              # the provider's words
  failures @2 :UInt32;        # in a row
  sinceMs @3 :Int64;
  untilMs @4 :Int64;
  worker @5 :Text;            # that told it last
}

struct HintRecord {
  # What a person says to the agents of a lab.
  number @0 :UInt64;
  text @1 :Text;
  who @2 :Text;
  atMs @3 :Int64;
}

struct Candidate {
  # What a task measures without an agent.
  commit @0 :Data;
  tree @1 :Data;
  notes @2 :Record.AgentNotes;
  injection @3 :Record.Injection;
}

struct Lease {
  worker @0 :Text;
  token @1 :UInt64;
  reservedMicroUsd @2 :Int64;
  grantedAtMs @3 :Int64;
  takes @4 :LabFile.Resources;
}

struct Task {
  # Column family tasks: only those that have not ended.
  id @0 :UInt64;
  lab @1 :UInt64;
  kind @2 :Record.TaskKind;
  experiment @3 :UInt64;
  segment @4 :UInt64;
  parent @5 :MaybeId;
  parentCommit @6 :Data;
  pickedBecause @7 :Text;
  lease @8 :Lease;            # absent: waits for a worker
  attempts @9 :UInt32;
  losses @10 :UInt32;
  lastLoss @11 :Text;
  charged @12 :List(UInt64);
  cost @13 :Record.Cost;
  startedAt @14 :MaybeTime;
  lostOn @15 :List(Text);     # workers that were lost with it
  pastLeases @16 :List(Record.PastLease);  # that may still tell what they cost
  pending @17 :Pending;       # absent: nothing of it is measured yet
  merge @18 :Record.MergeWith;  # absent: no merge
  scale @19 :UInt32;          # place on the ladder, of a promotion
  candidate @20 :Candidate;   # absent: an agent is to make one
}

struct Pending {
  # A candidate that is measured, but not decided: it is compared with another, pair by pair.
  experiment @0 :Record.Experiment;
  reference @1 :UInt64;       # experiment
  referenceCommit @2 :Data;
  series @3 :UInt32;          # place of the first pair among the measurements
  kept @4 :Bool;              # against an earlier reference: now it is whether it is the best
  unused @5 :Bool;
  passed @6 :List(UInt64);    # experiments that it was shown not to be dominated by
}

struct Worker {
  name @0 :Text;
  hostClass @1 :Text;
  slots @2 :UInt32;
  joinedAtMs @3 :Int64;
  capacity @4 :LabFile.Capacity;
  quarantine @5 :Quarantine;  # absent: none
  key @6 :Text;              # public, that it last said hello with; empty: none
  measures @7 :Bool;         # it understands tasks of kind measure
  distrust @8 :Quarantine;    # its measurements do not count; absent: they do
  residual @9 :Residual;      # absent: nothing to compare yet
  scales @10 :Bool;          # it understands scales, and tasks of kind promote and holdout
  injects @11 :Bool;         # likewise, of kind inject
  presets @12 :Bool;         # it has agents of kinds beside command
  simplifies @13 :Bool;      # it understands tasks of kind simplify

  struct Quarantine { why @0 :Text; atMs @1 :Int64; }
  struct Residual {
    comparisons @0 :UInt64;
    squares @1 :Float64;      # of what its measurements were off, in standard deviations
    sum @2 :Float64;          # likewise
  }
}

struct Swarm {
  # Column family meta: the numbers that are given out next.
  nextLab @0 :UInt64;
  nextTask @1 :UInt64;
  nextToken @2 :UInt64;
}

struct Event {
  sequence @0 :UInt64;        # also its key
  atMs @1 :Int64;
  change :union {
    labOpened @2 :LabOpened;
    settingsChanged @3 :SettingsChanged;
    segmentBegan @4 :SegmentBegan;
    labStatusChanged @5 :LabStatusChanged;
    taskCreated @6 :TaskCreated;
    leaseGranted @7 :LeaseGranted;
    leaseEnded @8 :LeaseEnded;
    costSpent @9 :CostSpent;
    experimentFinished @10 :ExperimentFinished;
    workerJoined @11 :Worker;
    taskDropped @12 :TaskDropped;
    workerQuarantined @13 :WorkerQuarantined;
    workerReleased @14 :WorkerReleased;
    alarmRaised @15 :AlarmRaised;
    alarmCleared @16 :AlarmCleared;
    timeSkipped @17 :TimeSkipped;
    candidateMeasured @18 :CandidateMeasured;
    backupRestored @19 :BackupRestored;
    promotionProposed @20 :PromotionProposed;
    promoted @21 :Promoted;
    promotionRejected @22 :PromotionRejected;
    checkBegan @23 :CheckBegan;
    checkEnded @24 :CheckEnded;
    hintGiven @25 :HintGiven;
    hintWithdrawn @26 :HintWithdrawn;
    experimentRejected @27 :ExperimentRejected;
    providerFailed @28 :ProviderFailed;
    providerAnswered @29 :ProviderAnswered;
    workerForgotten @30 :WorkerForgotten;
  }

  struct LabOpened {
    lab @0 :UInt64;
    settings @1 :LabFile.LabSettings;
    segment @2 :Segment;
    who @3 :Text;
    origin @4 :Origin;        # absent: no branch
  }
  struct SettingsChanged {
    lab @0 :UInt64;
    settings @1 :LabFile.LabSettings;
    who @2 :Text;
  }
  struct SegmentBegan {
    lab @0 :UInt64;
    segment @1 :Segment;
    why @2 :Text;
  }
  struct LabStatusChanged {
    lab @0 :UInt64;
    status @1 :LabStatus;
    reason @2 :Text;
    who @3 :Text;
    atMs @4 :Int64;
  }
  struct TaskCreated {
    task @0 :UInt64;
    lab @1 :UInt64;
    kind @2 :Record.TaskKind;
    experiment @3 :UInt64;
    segment @4 :UInt64;
    parent @5 :MaybeId;
    parentCommit @6 :Data;
    pickedBecause @7 :Text;
    merge @8 :Record.MergeWith;  # absent: no merge
    candidate @9 :Candidate;  # absent: an agent is to make one
  }
  struct LeaseGranted {
    task @0 :UInt64;
    worker @1 :Text;
    token @2 :UInt64;
    reservedMicroUsd @3 :Int64;
    atMs @4 :Int64;
    takes @5 :LabFile.Resources;
  }
  struct LeaseEnded {
    task @0 :UInt64;
    token @1 :UInt64;
    how @2 :LeaseEnd;
    atMs @3 :Int64;
    why @4 :Text;             # of `returned`: the worker's own words
  }
  struct TaskDropped {
    task @0 :UInt64;
    lab @1 :UInt64;
    experiment @2 :UInt64;
    why @3 :Text;
    atMs @4 :Int64;
  }
  struct PromotionProposed {
    # A person is to say whether.
    lab @0 :UInt64;
    experiment @1 :UInt64;
    scale @2 :UInt32;
    why @3 :Text;
    atMs @4 :Int64;
  }
  struct Promoted {
    lab @0 :UInt64;
    experiment @1 :UInt64;
    scale @2 :UInt32;
    why @3 :Text;
    who @4 :Text;
    atMs @5 :Int64;
  }
  struct PromotionRejected {
    lab @0 :UInt64;
    experiment @1 :UInt64;
    scale @2 :UInt32;
    why @3 :Text;
    who @4 :Text;
    atMs @5 :Int64;
  }
  struct CheckBegan {
    # A task of kind promote or holdout, of a candidate that is decided.
    task @0 :UInt64;
    lab @1 :UInt64;
    kind @2 :Record.TaskKind;
    experiment @3 :UInt64;
    segment @4 :UInt64;
    scale @5 :UInt32;
    commit @6 :Data;
    why @7 :Text;
    atMs @8 :Int64;
  }
  struct CheckEnded {
    task @0 :UInt64;
    lab @1 :UInt64;
    kind @2 :Record.TaskKind;
    experiment @3 :UInt64;
    climb @4 :Climb;          # as it is from now on
    worker @5 :Text;          # whose report ended it; empty: given up
    becomesChampion @6 :Bool;
    closes @7 :Text;          # why nothing climbs to the scale any more; empty: it stays open
    atMs @8 :Int64;
  }
  struct WorkerQuarantined {
    worker @0 :Text;
    why @1 :Text;
    atMs @2 :Int64;
    measuresOnly @3 :Bool;    # agents may run on it, but its measurements do not count
  }
  struct WorkerForgotten {
    worker @0 :Text;
    atMs @1 :Int64;
  }
  struct WorkerReleased {
    worker @0 :Text;
    who @1 :Text;
    atMs @2 :Int64;
  }
  struct AlarmRaised {
    # Many workers fell silent at once: what they hold does not expire before heldUntilMs.
    silent @0 :UInt32;
    holders @1 :UInt32;       # workers that held leases
    atMs @2 :Int64;
    heldUntilMs @3 :Int64;
  }
  struct AlarmCleared { atMs @0 :Int64; }
  struct TimeSkipped {
    # No coordinator ran in between: no lab's running time counts it.
    fromMs @0 :Int64;
    untilMs @1 :Int64;
  }
  struct BackupRestored {
    atMs @0 :Int64;
    nextLab @1 :UInt64;
    nextTask @2 :UInt64;
    nextToken @3 :UInt64;
    skipped @4 :UInt64;       # numbers of experiments, of every lab
  }
  struct HintGiven {
    lab @0 :UInt64;
    hint @1 :HintRecord;
  }
  struct HintWithdrawn {
    lab @0 :UInt64;
    number @1 :UInt64;
    who @2 :Text;
    atMs @3 :Int64;
  }
  struct ExperimentRejected {
    lab @0 :UInt64;
    experiment @1 :UInt64;
    rejection @2 :Record.Rejection;
    best @3 :UInt64;          # experiment that is the best from now on
  }
  struct ProviderFailed {
    lab @0 :UInt64;
    backoff @1 :Backoff;      # as it is from now on
  }
  struct ProviderAnswered {
    lab @0 :UInt64;
    who @1 :Text;             # a person ended the wait; empty: an agent worked again
    atMs @2 :Int64;
  }
  struct CostSpent {
    lab @0 :UInt64;
    experiment @1 :UInt64;
    task @2 :UInt64;
    token @3 :UInt64;
    cost @4 :Record.Cost;
  }
  struct CandidateMeasured {
    lab @0 :UInt64;
    task @1 :UInt64;
    token @2 :UInt64;
    pending @3 :Pending;
    cost @4 :Record.Cost;
    atMs @5 :Int64;
    beside @6 :UInt64;        # whose run is the last measurement; 0: no pair came
  }
  struct ExperimentFinished {
    experiment @0 :Record.Experiment;
    cost @1 :Record.Cost;
    becomesBest @2 :Bool;
    advances @3 :Bool;        # beside that: the frontier of several metrics
    beside @4 :UInt64;        # likewise
  }
}
