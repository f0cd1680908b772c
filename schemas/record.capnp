@0xb3a5d0c41e97f602;
# Experiments, reports and assignments as they travel and as they are stored. Mirrors
# common/model/experiment.h and report.h; the rules of evolution are Cap'n Proto's: fields are only
# ever added. Object ids are Data of 20 bytes; where one may be missing, empty Data says so.
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("swarmlab::schema");
using Lab = import "lab.capnp";
using Since = import "since.capnp";

enum Verdict {
  keep @0;
  discard @1;
  crash @2;
  timeout @3;
  guardFailed @4;
  outOfScope @5;
  duplicate @6;
  noChange @7;
  invalid @8;
}

enum TaskKind {
  baseline @0;
  explore @1;
  measure @2 $Since.since(2);
  merge @3 $Since.since(2);
  promote @4 $Since.since(2);   # a kept candidate, at a larger scale
  holdout @5 $Since.since(2);   # a kept candidate, on the holdout
  inject @6 $Since.since(2);
  simplify @7 $Since.since(2);  # takes a kept change out of the best again
}

enum Outcome {
  measured @0;
  crash @1;
  timeout @2;
  guardFailed @3;
  outOfScope @4;
  duplicate @5;
  noChange @6;
  invalid @7;
  returned @8;
}

enum AgentEnd {
  finished @0;
  refused @1;                 # the model would not do it
  rateLimited @2;
  unavailable @3;             # the provider is overloaded, fails, or cannot be reached
  outOfCredit @4;
  authenticationFailed @5;
  crashed @6;
  timedOut @7;
}

enum CostSource { none @0; told @1; priced @2; measured @3; }

enum Stage {
  fetch @0;
  checkout @1;
  agent @2;
  collect @3;
  guard @4;
  evaluate @5;
  pack @6;
  total @7;
}

struct AgentRun {
  # How an agent's part in an attempt went, as its program and its provider told it.
  end @0 :AgentEnd;
  said @1 :Text;              # the provider's words, where it did not finish
  retryAfterMs @2 :Int64;     # that the provider asks for; 0: it does not say
  session @3 :Text;           # as the program names it; empty: it has none
  model @4 :Text;
  finalMessage @5 :Text;
  turns @6 :UInt64;
  toolCalls @7 :UInt64;
  cachedTokens @8 :UInt64;    # of the input
  costSource @9 :CostSource;
  refused @10 :List(NetworkRefusal);
  sessionExperiment @11 :UInt32;  # that its session was on, from 1; 0: sessions have one alone

  struct NetworkRefusal {
    # A place that its sandbox was not let to.
    host @0 :Text;
    port @1 :UInt16;
    times @2 :UInt64;
  }
}

struct MetricValue {
  name @0 :Text;
  value @1 :Float64;          # finite
}

struct SampleScore {
  id @0 :Text;
  score @1 :Float64;          # may be NaN or infinite: as the evaluator said it
  error @2 :Text;             # empty: none
  extra @3 :Text;             # a JSON object, or empty
}

struct AgentNotes {
  hypothesis @0 :Text;
  mechanism @1 :Text;
  mechanismConfirmed :union { unsaid @2 :Void; said @3 :Bool; }
  notes @4 :Text;
  ideas @5 :List(Text);
}

struct Measurement {
  evaluator @0 :Data;         # object id
  data @1 :Data;              # object id; 20 zero bytes: no data
  tree @2 :Data;              # object id
  scale @3 :Text;
  hostClass @4 :Text;
  repeat @5 :UInt32;
  score @6 :Float64;          # finite
  metrics @7 :List(MetricValue);
  tookMs @8 :Int64;
  worker @9 :Text;
}

struct Evidence {
  # Of a comparison in pairs. Gains are improvements, whatever the metric's direction.
  reference @0 :UInt64;       # experiment
  referenceScore @1 :Float64;
  pairs @2 :UInt32;
  gain @3 :Float64;           # mean
  low @4 :Float64;            # the gain's interval
  high @5 :Float64;
  confidence @6 :Float64;     # that it is better at all, 0 to 1
  metric @7 :Text;            # empty: the primary one
}

struct Cost {
  microUsd @0 :Int64;         # millionths of a US dollar
  inputTokens @1 :UInt64;
  outputTokens @2 :UInt64;
}

struct StageTime {
  stage @0 :Stage;
  tookUs @1 :Int64;
}

struct PastLease {
  token @0 :UInt64;
  worker @1 :Text;
  key @2 :Text;               # of the worker; empty: it had none
}

struct Injection {
  # A person's candidate.
  who @0 :Text;               # user@host
  from @1 :Data;              # object id of the commit in the person's own repository
}

struct Rejection {
  # A person took a kept candidate out of the search.
  who @0 :Text;               # user@host
  why @1 :Text;
  atMs @2 :Int64;             # UTC, since 1970
}

struct NearDuplicate {
  # A change that is nearly that of an earlier experiment with the same parent.
  of @0 :UInt64;              # experiment
  similarity @1 :Float64;     # 0 to 1: of the lines that either changes, those that both do
}

struct Experiment {
  lab @0 :UInt64;
  number @1 :UInt64;
  task @2 :UInt64;
  kind @3 :TaskKind;
  segment @4 :UInt64;
  parent :union { none @5 :Void; number @6 :UInt64; }
  parentCommit @7 :Data;      # object id
  pickedBecause @8 :Text;
  verdict @9 :Verdict;
  reason @10 :Text;
  commit @11 :Data;           # object id; empty: none
  tree @12 :Data;             # object id; empty: none
  duplicateOf :union { none @13 :Void; number @14 :UInt64; }
  paths @15 :List(Text);
  measurements @16 :List(Measurement);
  notes @17 :AgentNotes;
  worker @18 :Text;
  hostClass @19 :Text;
  token @20 :UInt64;
  charged @21 :List(UInt64);
  attempts @22 :UInt32;
  cost @23 :Cost;
  startedAtMs @24 :Int64;     # UTC, since 1970
  endedAtMs @25 :Int64;       # UTC, since 1970
  stages @26 :List(StageTime);
  pastLeases @27 :List(PastLease);  # of the task, that may still tell what they cost
  judgedScore :union { none @28 :Void; score @29 :Float64; }  # after repeated runs
  evidence @30 :Evidence;     # absent: not compared in pairs
  measuredUnder @31 :List(UInt64);  # tokens whose reports counted; empty: `token` alone
  size :union { none @32 :Void; value @33 :Float64; }  # of the candidate, where simplicity counts
  simpler @34 :Bool;          # kept for being smaller, not for being better
  undoes @35 :UInt64;         # of a simplification: the kept change that it takes out; 0: none
  madConfidence :union { none @36 :Void; value @37 :Float64; }  # as pi-autoresearch reckons it
  mergedWith @38 :UInt64;     # of a merge: the other side; 0: none
  injection @39 :Injection;   # absent: an agent made it
  rejection @40 :Rejection;   # absent: it was not rejected
  nearDuplicate @41 :NearDuplicate;  # absent: its change is like no other that is known
  reworks @42 :UInt32;        # repairs by its agent after the guard had failed
  otherScores @43 :List(Float64);   # judged, of the further metrics in the order of the settings
  otherEvidence @44 :List(Evidence);  # of the further metrics
  hypervolume @45 :Lab.MaybeNumber; # of a keep among several metrics: of the frontier with it
  agent @46 :AgentRun;        # the last round of it; absent: no agent made it, or it said nothing
}

struct Assignment {
  task @0 :UInt64;
  token @1 :UInt64;
  lab @2 :UInt64;
  experiment @3 :UInt64;
  kind @4 :TaskKind;
  parent :union { none @5 :Void; number @6 :UInt64; }
  parentCommit @7 :Data;      # object id
  labCommit @8 :Data;         # object id
  evaluatorHash @9 :Data;     # object id
  dataHash @10 :Data;         # object id; 20 zero bytes: no data
  leaseMs @11 :Int64;         # from when the message is read
  settings @12 :Lab.LabSettings;
  brief @13 :Text;
  results @14 :Text;
  takes @15 :Lab.Resources $Since.since(2);   # of the worker, while the lease lasts
  repeats @16 :UInt32 = 1 $Since.since(2);    # of a baseline: runs of the evaluator
  comparison @17 :Comparison $Since.since(2); # of `measure`; absent: none
  merge @18 :MergeWith $Since.since(2);       # of `merge`; absent: none
  candidate @19 :Data $Since.since(2);  # of `inject`: the commit to measure, without an agent
}

struct MergeWith {
  # What the parent is to be merged with.
  other @0 :UInt64;           # experiment; of `simplify`: whose change is taken out
  commit @1 :Data;
  base @2 :Data;              # commit that both come from; of `simplify`: of `other`
}

struct Comparison {
  candidate @0 :Data;         # commit
  reference @1 :Data;         # commit
  pair @2 :UInt32;            # from 0; of odd ones the reference runs first
}

struct Report {
  task @0 :UInt64;
  token @1 :UInt64;
  lab @2 :UInt64;
  experiment @3 :UInt64;
  outcome @4 :Outcome;
  reason @5 :Text;
  commit @6 :Data;            # object id; empty: none
  tree @7 :Data;              # object id; empty: none
  paths @8 :List(Text);
  measurement @9 :Measurement;  # absent: not measured
  notes @10 :AgentNotes;
  hostClass @11 :Text;
  cost @12 :Cost;
  stages @13 :List(StageTime);
  ownFailure @14 :Bool $Since.since(2);       # of `returned`: the worker failed, nobody told it to stop
  more @15 :List(Measurement) $Since.since(2);  # of a baseline: further runs; of a pair: the reference's
  nearDuplicate @16 :NearDuplicate $Since.since(2);  # as the coordinator said when its tree was checked
  reworks @17 :UInt32 $Since.since(2);        # repairs by its agent after the guard had failed
  agent @18 :AgentRun $Since.since(2);        # absent: no agent ran
}

struct Attachments {
  samples @0 :List(SampleScore);
  # Tails of merged output: any bytes, so Data.
  agentLog @1 :Data;
  guardLog @2 :Data;
  evaluatorLog @3 :Data;
  sketch @4 :Data $Since.since(2);  # of the change (common/model/sketch.h); empty: none
  transcript @5 :Transcript $Since.since(2);  # absent: none
}

enum StepKind { prompt @0; words @1; thinking @2; tool @3; }

struct Transcript {
  # What an agent did, as its program wrote it: trimmed, without secrets, in order.
  steps @0 :List(TranscriptStep);
}

struct TranscriptStep {
  kind @0 :StepKind;
  atMs @1 :Int64 = -1;        # since the agent was started; below 0: not known
  tool @2 :Text;              # its name; of all other kinds empty
  text @3 :Text;              # the words; of a tool what it was called with
  result @4 :Text;            # of a tool
  failed @5 :Bool;            # the tool did
  tookMs @6 :Int64 = -1;      # of a tool; below 0: not known
  inputTokens @7 :UInt64;     # of the model's answer that ends with this step
  outputTokens @8 :UInt64;
  microUsd @9 :Int64;
  textBytes @10 :UInt64;      # before it was trimmed
  resultBytes @11 :UInt64;
  leftOutBefore @12 :UInt64;  # steps between the one before and this one
}
