@0xe80f6c2ab7d41903;
# What queries answer, and word for word what `--json` prints: the names of the fields are stable.
# The coordinator writes views, the command line reads them.
#
# In JSON every field is there, always. 64-bit integers would become strings, so views have none:
# numbers are UInt32 or Float64 (whole to 2^53). Small structs stand for what JSON has and Cap'n
# Proto has not: null, objects with free names, times.
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("swarmlab::schema");
using Lab = import "lab.capnp";
using Since = import "since.capnp";

struct MaybeBool {
  # In JSON: true, false or null.
  union { none @0 :Void; value @1 :Bool; }
}

struct MaybeCount {
  # In JSON: a number or null.
  union { none @0 :Void; value @1 :UInt32; }
}

struct Time {
  # In JSON: RFC 3339, UTC, with milliseconds ("2026-11-21T04:34:00.000Z"), or null.
  union { none @0 :Void; ms @1 :Int64; }
}

struct NamedNumber {
  # In JSON a list of these is an object: {name: value, ...}.
  name @0 :Text;
  value @1 :Float64;
}

struct JsonText {
  # In JSON: the value that the text holds; null if it is empty or no JSON.
  text @0 :Text;
}

struct MeasurementView {
  score @0 :Lab.MaybeNumber;
  metrics @1 :List(NamedNumber);
  scale @2 :Text;
  hostClass @3 :Text;
  repeat @4 :UInt32;
  worker @5 :Text;
  tookMs @6 :Float64;
  evaluatorHash @7 :Text;        # hexadecimal
  dataHash @8 :Text;             # hexadecimal; empty: no data
  tree @9 :Text;                 # hexadecimal
}

struct MetricEvidence {
  metric @0 :Text;
  gain @1 :Lab.MaybeNumber;      # above zero is better, whatever the metric's direction
  low @2 :Lab.MaybeNumber;
  high @3 :Lab.MaybeNumber;
  confidence @4 :Lab.MaybeNumber;  # that it is better at all, 0 to 1
}

struct MetricView {
  name @0 :Text;
  direction @1 :Text;            # "minimize" or "maximize"
  worst @2 :Lab.MaybeNumber;     # nothing worse is kept; null: the baseline is not measured yet
}

struct ExperimentView {
  number @0 :UInt32;
  lab @1 :Text;
  parent @2 :MaybeCount;
  verdict @3 :Text;              # the word of the verdict, or "running"
  kind @4 :Text;                 # "baseline" or "explore"
  segment @5 :UInt32;
  score @6 :Lab.MaybeNumber;
  metrics @7 :List(NamedNumber);
  scale @8 :Text;
  commit @9 :Text;               # hexadecimal; empty: no candidate
  hypothesis @10 :Text;
  worker @11 :Text;
  attempts @12 :UInt32;
  costUsd @13 :Float64;
  startedAt @14 :Time;
  endedAt @15 :Time;             # null: it runs
  reason @16 :Text;
  mechanism @17 :Text;
  mechanismConfirmed @18 :MaybeBool;
  notes @19 :Text;
  ideas @20 :List(Text);
  pickedBecause @21 :Text;
  duplicateOf @22 :MaybeCount;
  paths @23 :List(Text);
  stages @24 :List(NamedNumber);   # milliseconds by stage
  measurements @25 :List(MeasurementView);
  isBest @26 :Bool;
  hostClass @27 :Text;
  parentCommit @28 :Text;        # hexadecimal
  inputTokens @29 :Float64;
  outputTokens @30 :Float64;
  # Of a comparison in pairs with another experiment; null where one run decided.
  comparedWith @31 :MaybeCount $Since.since(2);
  pairs @32 :UInt32 $Since.since(2);
  gain @33 :Lab.MaybeNumber $Since.since(2);   # above zero is better, whatever the metric's direction
  gainLow @34 :Lab.MaybeNumber $Since.since(2);
  gainHigh @35 :Lab.MaybeNumber $Since.since(2);
  confidence @36 :Lab.MaybeNumber $Since.since(2);  # that it is better at all, 0 to 1
  madConfidence @37 :Lab.MaybeNumber $Since.since(2);  # pi-autoresearch's, after this experiment
  size @38 :Lab.MaybeNumber $Since.since(2);   # where simplicity counts: lines, or the lab's metric
  simpler @39 :Bool $Since.since(2);           # kept for being smaller, not for being better
  undoes @40 :MaybeCount $Since.since(2);      # of a simplification: the change that it takes out
  mergedWith @41 :MaybeCount $Since.since(2);  # of a merge: the other side
  climbs @42 :List(ClimbView) $Since.since(2);      # what became of it at larger scales
  holdout @43 :Lab.MaybeNumber $Since.since(2);     # score on the holdout; null: not measured
  injectedBy @44 :Text $Since.since(2);          # a person; empty: an agent made it
  injectedFrom @45 :Text $Since.since(2);        # hexadecimal: the person's own commit
  rejectedBy @46 :Text $Since.since(2);          # a person; empty: it was not rejected
  rejectedWhy @47 :Text $Since.since(2);
  rejectedAt @48 :Time $Since.since(2);          # null: it was not rejected
  descendsFromRejected @49 :MaybeCount $Since.since(2);  # the nearest rejected one above it
  nearDuplicateOf @50 :MaybeCount $Since.since(2);
  similarity @51 :Lab.MaybeNumber $Since.since(2);  # to that one, 0 to 1
  reworks @52 :UInt32 $Since.since(2);         # repairs by its agent after the guard had failed
  judged @53 :List(NamedNumber) $Since.since(2);  # by metric, of a lab with several; empty: one, or not measured
  evidence @54 :List(MetricEvidence) $Since.since(2);  # of the pairs, by metric, of a lab with several
  hypervolume @55 :Lab.MaybeNumber $Since.since(2);  # of a keep among several metrics: of the frontier with it
  agent @56 :AgentView $Since.since(2);
}

struct AgentView {
  # How an agent's part in an experiment went.
  end @0 :Text;                  # "finished", "refused", "rate_limited", "unavailable", "out_of_credit",
                                 # "authentication_failed", "crashed" or "timed_out"; empty: no agent
  said @1 :Text;                 # the provider's words, where it did not finish
  session @2 :Text;
  model @3 :Text;
  finalMessage @4 :Text;
  turns @5 :Float64;
  toolCalls @6 :Float64;
  cachedTokens @7 :Float64;      # of the input
  costSource @8 :Text;           # "none", "told", "priced" or "measured"
  refused @9 :List(NamedNumber); # times by "host:port" that its sandbox was not let to
  sessionExperiment @10 :UInt32; # that its session was on, from 1; 0: sessions have one alone
}

struct ClimbView {
  scale @0 :Text;
  standing @1 :Text;             # "proposed", "promoted", "running", "measured", "demoted", "failed" or "rejected"
  score @2 :Lab.MaybeNumber;     # null: not measured there
  low @3 :Lab.MaybeNumber;       # its interval
  high @4 :Lab.MaybeNumber;
  isChampion @5 :Bool;
  reason @6 :Text;
  who @7 :Text;                  # let it climb, or rejected it
  at @8 :Time;
  runs @9 :UInt32;               # of the evaluator on it, there
}

struct RungView {
  scale @0 :Text;
  entrants @1 :UInt32;           # candidates that got here, less the baseline
  waiting @2 :UInt32;            # promoted, to be measured
  running @3 :UInt32;            # being measured
  measured @4 :UInt32;
  promoted @5 :UInt32;           # to the next scale
  demoted @6 :UInt32;            # the scale below said otherwise
  proposed @7 :List(UInt32);     # experiments that wait for a person
  champion @8 :MaybeCount;       # experiment
  score @9 :Lab.MaybeNumber;     # of the champion, with its interval
  low @10 :Lab.MaybeNumber;
  high @11 :Lab.MaybeNumber;
  baseline @12 :Lab.MaybeNumber; # score
  rule @13 :Text;                # of promotion to it; empty: the first scale
  floor @14 :UInt32;             # entrants of the scale below that it takes
  begun @15 :UInt32;             # measurements of candidates begun here
  maxExperiments @16 :UInt32;    # 0: no limit
  spentMs @17 :Float64;          # measuring, all workers together
  maxMs @18 :Float64;            # 0: no limit
  closed @19 :Text;              # why nothing climbs to it just now; empty: it is open
  # How the scale below predicts this one.
  pairs @20 :UInt32;             # candidates measured at both
  correlation @21 :Lab.MaybeNumber;      # Spearman's, of ranks
  correlationLow @22 :Lab.MaybeNumber;   # its interval
  correlationHigh @23 :Lab.MaybeNumber;
  warning @24 :Text;             # empty: none
}

struct LadderView {
  lab @0 :Text;
  metric @1 :Text;
  direction @2 :Text;
  confidence @3 :Float64;        # of the intervals of correlations
  rungs @4 :List(RungView);      # the smallest scale first
  champion @5 :MaybeCount;       # of the lab: of the largest scale that was reached
  championScale @6 :Text;        # empty: none yet
  holdout @7 :HoldoutView;
}

struct HoldoutView {
  measured @0 :UInt32;           # kept candidates that were measured on it
  waiting @1 :UInt32;
  gap @2 :Lab.MaybeNumber;       # of the newest: how much worse the holdout's score is
  trend @3 :Lab.MaybeNumber;     # of the gap, per kept candidate
  warning @4 :Text;              # of over-fitting; empty: none
}

# What a lab asks of a pool, at one of its scales.
struct PoolLabView {
  lab @0 :Text;
  scale @1 :Text;                # empty: the lab has no ladder
  leasable @2 :UInt32;           # tasks that could begin now, if there were slots for them
  slotsEach @3 :UInt32;          # of the pool's machines, that one of them takes
  why @4 :Text;                  # why so many
}

# Workers that are started and stopped together, and what they could be used for.
struct PoolView {
  name @0 :Text;
  workers @1 :UInt32;            # that are here and take work
  slots @2 :UInt32;              # of them
  running @3 :UInt32;            # tasks
  idle @4 :UInt32;               # slots
  leasable @5 :UInt32;           # tasks that could begin now, if there were slots for them
  wanted @6 :UInt32;             # slots: for what runs and what could begin
  why @7 :Text;                  # why so many, in words
  labs @8 :List(PoolLabView);    # that ask for it
}

struct PoolList {
  pools @0 :List(PoolView);      # by name
}

struct SampleView {
  id @0 :Text;
  score @1 :Lab.MaybeNumber;
  error @2 :Text;
  extra @3 :JsonText;
}

struct ExperimentDetail {
  experiment @0 :ExperimentView;
  samples @1 :List(SampleView);
  agentLog @2 :Text;
  guardLog @3 :Text;
  evaluatorLog @4 :Text;
  diff @5 :Text;                 # against the parent's commit, as git shows it
  transcript @6 :List(StepView) $Since.since(2);  # of its agent
  changedSamples @7 :List(SampleChangeView) $Since.since(2);  # those that changed most first
  changedAgainst @8 :MaybeCount $Since.since(2);  # the experiment that they changed against
}

struct StepView {
  # A step of an agent's work, trimmed.
  kind @0 :Text;                 # "prompt", "words", "thinking" or "tool"
  atMs @1 :Lab.MaybeNumber;      # since the agent was started; null: not known
  tool @2 :Text;                 # its name; else empty
  text @3 :Text;                 # the words; of a tool what it was called with
  result @4 :Text;               # of a tool
  failed @5 :Bool;               # the tool did
  tookMs @6 :Lab.MaybeNumber;    # of a tool; null: not known
  inputTokens @7 :Float64;       # of the model's answer that ends with this step
  outputTokens @8 :Float64;
  costUsd @9 :Float64;
  textBytes @10 :Float64;        # before it was trimmed
  resultBytes @11 :Float64;
  leftOutBefore @12 :Float64;    # steps between the one before and this one
}

struct SampleChangeView {
  id @0 :Text;
  score @1 :Lab.MaybeNumber;     # null: it has none here
  before @2 :Lab.MaybeNumber;    # null: it has none there
}

struct LabView {
  name @0 :Text;
  state @1 :Text;                # "running", "paused", "stopping" or "stopped"
  experiments @2 :UInt32;        # decided, baselines too
  iterations @3 :UInt32;         # decided, without baselines
  kept @4 :UInt32;
  best @5 :Lab.MaybeNumber;      # score
  bestExperiment @6 :MaybeCount;
  baseline @7 :Lab.MaybeNumber;  # score
  running @8 :UInt32;            # experiments that are leased now
  stopReason @9 :Text;
  metric @10 :Text;
  direction @11 :Text;           # "minimize" or "maximize"
  verdicts @12 :List(NamedNumber);   # count by verdict
  spentUsd @13 :Float64;
  maxIterations @14 :UInt32;     # 0: no limit
  segment @15 :UInt32;
  folder @16 :Text;
  policy @17 :Text;
  activeMs @18 :Float64;         # running time so far
  parent @19 :Text $Since.since(2);             # the lab above it in the tree; empty: none
  path @20 :List(Text) $Since.since(2);         # from the tree's root down: the parts of the name
  branchedFrom @21 :MaybeCount $Since.since(2); # experiment of `parent` it began with; null: none
  set @22 :List(Text) $Since.since(2);          # for a branch: "search.policy=best-of-n"
  maxParallel @23 :UInt32 $Since.since(2);      # 0: no limit
  weight @24 :UInt32 $Since.since(2);
  waiting @25 :Text $Since.since(2);            # why nothing more is leased now; empty: it could be
  labCommit @26 :Text $Since.since(2);          # hexadecimal: where its experiments start
  # What further experiments can be expected to bring; null where nothing says so yet.
  gainChance @27 :Lab.MaybeNumber $Since.since(2);         # of a new best within gainExperiments
  gainExperiments @28 :UInt32 $Since.since(2);
  gainPerExperiment @29 :Lab.MaybeNumber $Since.since(2);  # expected, in the metric's unit
  gainPerDollar @30 :Lab.MaybeNumber $Since.since(2);
  madConfidence @31 :Lab.MaybeNumber $Since.since(2);      # pi-autoresearch's
  bestRuns @32 :UInt32 $Since.since(2);         # that the best's score is the mean of
  bestSize @33 :Lab.MaybeNumber $Since.since(2);
  champion @34 :MaybeCount $Since.since(2);     # of the largest scale that was reached; null: no ladder, or none yet
  championScale @35 :Text $Since.since(2);
  ladder @36 :Text $Since.since(2);             # the ladder in one line; empty: none
  warnings @37 :List(Text) $Since.since(2);     # scales that do not predict, over-fitting
  hints @38 :UInt32 $Since.since(2);            # from people, that hold
  metrics @39 :List(MetricView) $Since.since(2);  # the primary first; empty: it has one metric
  hypervolume @40 :Lab.MaybeNumber $Since.since(2);  # of its frontier, as a part of the baseline's box; null: one metric
  # Of a lab that waits for the provider of its agents.
  provider @41 :Text $Since.since(2);           # as AgentView.end; empty: it answers
  providerSaid @42 :Text $Since.since(2);
  providerRetryAt @43 :Time $Since.since(2);    # null: it answers
}

struct SteeredLab {
  lab @0 :Text;
  before @1 :Text;               # state
  after @2 :Text;                # state; the same: nothing changed
  why @3 :Text;                  # it stays as it is, though something else was asked; else empty
}

struct SteeredList {
  labs @0 :List(SteeredLab);
}

struct RunView {
  # An experiment that is being done, and what its agent said that it tries.
  lab @0 :Text;
  experiment @1 :UInt32;
  worker @2 :Text;
  kind @3 :Text;
  startedAt @4 :Time;
  hypothesis @5 :Text;           # empty: not announced yet
  mechanism @6 :Text;
}

struct WorkerView {
  name @0 :Text;
  hostClass @1 :Text;
  slots @2 :UInt32;
  busy @3 :UInt32;
  state @4 :Text;                # "ready", "leaving", "silent", "gone" or "quarantined"
  lastSeenSecondsAgo @5 :Lab.MaybeNumber;   # null: not since the coordinator started
  quarantine @6 :Text $Since.since(2);           # why it gets nothing; empty: it is in no quarantine
  quarantinedAt @7 :Time $Since.since(2);        # null: it is in no quarantine
  cpus @8 :Float64 $Since.since(2);
  memoryBytes @9 :Float64 $Since.since(2);       # whole
  gpus @10 :List(Text) $Since.since(2);          # ids
  labels @11 :List(Text) $Since.since(2);
  distrust @12 :Text $Since.since(2);            # why its measurements do not count; empty: they do
  distrustedAt @13 :Time $Since.since(2);        # null: it is trusted
  comparisons @14 :Float64 $Since.since(2);      # of its measurements with those of others; whole
  residual @15 :Lab.MaybeNumber $Since.since(2); # how far off they are: about 1 if they agree
  runs @16 :List(RunView) $Since.since(2);
}

struct CoordinatorView {
  version @0 :Text;
  pid @1 :UInt32;
  address @2 :Text;
  startedAt @3 :Time;
  running @4 :Bool;              # false: read from the store while no coordinator ran
  store @5 :Text;                # path
  lastBackupAt @6 :Time $Since.since(2);    # null: none was made
  lastBackup @7 :Text $Since.since(2);      # path
  disk @8 :Text $Since.since(2);            # "ok", or what is not done for lack of space
  freeBytes @9 :Float64 $Since.since(2);    # on the store's disk
}

struct BackupView {
  path @0 :Text;
  takenAt @1 :Time;
  version @2 :Text;              # of the release that took it
  schema @3 :UInt32;             # of the store
  sequence @4 :Float64;          # of the last event in it
  files @5 :UInt32;
  bytes @6 :Float64;
  copiedBytes @7 :Float64;       # the rest is linked
  tookMs @8 :Float64;
}

struct RefusalView {
  reason @0 :Text;               # a word, such as "unknown_key" or "role": docs/operations.md
  count @1 :Float64;             # whole; since the coordinator started
}

struct StatusView {
  labs @0 :List(LabView);
  workers @1 :List(WorkerView);
  coordinator @2 :CoordinatorView;
  refused @3 :List(RefusalView) $Since.since(2);  # by the coordinator, by why; what never was is absent
  alarm @4 :Text $Since.since(2); # many workers fell silent at once: what is done; empty: none
}

struct LabList {
  labs @0 :List(LabView);
}

struct ExperimentList {
  experiments @0 :List(ExperimentView);
  more @1 :Bool;                 # the limit cut the list: ask again after the last number
}

struct FrontierEntryView {
  number @0 :UInt32;
  score @1 :Lab.MaybeNumber;
  priority @2 :Lab.MaybeNumber;
  visits @3 :UInt32;
  hypothesis @4 :Text;
  commit @5 :Text;               # hexadecimal
  runs @6 :UInt32 $Since.since(2);             # that the score is the mean of
  size @7 :Lab.MaybeNumber $Since.since(2);    # where simplicity counts
  descendsFromRejected @8 :MaybeCount $Since.since(2);  # the nearest rejected one above it
  values @9 :List(NamedNumber) $Since.since(2);      # by metric, of a lab with several
  dominatedBy @10 :MaybeCount $Since.since(2);        # an experiment that is better in no metric worse; null: none
  contribution @11 :Lab.MaybeNumber $Since.since(2);  # to the hypervolume; null: one metric
}

struct FrontierList {
  entries @0 :List(FrontierEntryView);
  metrics @1 :List(MetricView) $Since.since(2);      # the primary first; empty: it has one metric
  hypervolume @2 :Lab.MaybeNumber $Since.since(2);   # null: one metric
}

struct EventView {
  sequence @0 :Float64;          # whole; grows
  at @1 :Time;
  kind @2 :Text;
  lab @3 :Text;                  # empty: of no lab
  experiment @4 :MaybeCount;
  text @5 :Text;
  why @6 :Text;                  # of work that was handed back: the worker's own words
}

struct EventList {
  events @0 :List(EventView);
  last @1 :Float64;              # sequence to ask after next
}

struct HintView {
  number @0 :UInt32;
  lab @1 :Text;
  text @2 :Text;
  who @3 :Text;
  at @4 :Time;
  holds @5 :Bool;                # false: it was withdrawn just now
}

struct HintList {
  hints @0 :List(HintView);      # that hold, the oldest first
}

struct InjectedView {
  lab @0 :Text;
  experiment @1 :UInt32;         # that measures it, or did
  parent @2 :MaybeCount;         # whose change it is
  isNew @3 :Bool;                # false: the same candidate was there already
  commit @4 :Text;               # hexadecimal: of the candidate, on top of its parent
}

struct RejectedView {
  lab @0 :Text;
  experiments @1 :List(UInt32);  # that are rejected now, and were not before
  best @2 :MaybeCount;           # from now on
  descendants @3 :List(UInt32);  # kept ones that descend from it, and stay
}

struct FailureView {
  # What did not help.
  experiment @0 :UInt32;
  verdict @1 :Text;
  hypothesis @2 :Text;
  mechanism @3 :Text;
  mechanismConfirmed @4 :MaybeBool;
  reason @5 :Text;
  score @6 :Lab.MaybeNumber;
}

struct FailureList {
  failures @0 :List(FailureView);   # the newest first
}

struct ContextView {
  # What a fresh agent needs to know.
  lab @0 :Text;
  experiments @1 :UInt32;        # decided
  history @2 :List(ExperimentView);   # the newest twenty, the oldest first
  running @3 :List(RunView);
  hints @4 :List(HintView);
  ideas @5 :List(Text);          # that agents left, the newest first
  brief @6 :Text;                # as an agent that starts now would get it
}
