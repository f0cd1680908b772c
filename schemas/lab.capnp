@0xd1c7e2a94f6b3801;
# Labs: settings as they travel and as they are stored. Mirrors common/model/lab.h; the rules of
# evolution are Cap'n Proto's: fields are only ever added.
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("swarmlab::schema");
using Since = import "since.capnp";

enum Direction { minimize @0; maximize @1; }
enum ParseKind { regex @0; json @1; metricLines @2; }
enum DataKind { none @0; folder @1; hostPath @2; shipped @3; }
enum AgentKind { command @0; claude @1; codex @2; pi @3; opencode @4; }
enum SessionKind { resume @0; handshake @1; }
enum PolicyKind { greedy @0; bestOfN @1; beam @2; ucb @3; islands @4; }
enum NearDuplicates { flag @0; skip @1; }
enum SandboxDriver { any @0; bubblewrap @1; docker @2; podman @3; runsc @4; runner @5; }

struct MaybeNumber {
  # In JSON: a number or null.
  union { none @0 :Void; value @1 :Float64; }
}

struct Resources {
  # Of one task.
  cpuMillis @0 :UInt32;       # thousandths of a CPU
  memoryBytes @1 :UInt64;
  gpus @2 :UInt32;
}

struct Capacity {
  # Of a worker.
  cpuMillis @0 :UInt32;
  memoryBytes @1 :UInt64;
  gpus @2 :List(Text);        # ids, as CUDA_VISIBLE_DEVICES takes them
  labels @3 :List(Text);      # "key=value" or words
}

struct LabSettings {
  name @0 :Text;
  folder @1 :Text;
  pipelineDir @2 :Text;
  resultsFile @3 :Text;
  artifact @4 :Artifact;
  metric @5 :Metric;
  constraints @6 :List(Constraint);
  evaluator @7 :Evaluator;
  guard @8 :Guard;          # absent: none
  agent @9 :Agent;
  limits @10 :ResourceLimits;
  policy @11 :PolicyKind;   # greedy for those that protocol 1 does not have: search says which
  stop @12 :StopLimits;
  scale @13 :Text;
  needs @14 :Resources $Since.since(2);       # of each task; absent: none
  needLabels @15 :List(Text) $Since.since(2);
  maxParallel @16 :UInt32 $Since.since(2);    # 0: no limit
  weight @17 :UInt32 = 1 $Since.since(2);     # of its share of the workers
  search @18 :Search $Since.since(2);         # absent: defaults, and what policy says
  scales @19 :List(Scale) $Since.since(2);    # the ladder, the smallest first; empty: one scale
  holdoutKind @20 :DataKind $Since.since(2);  # none: no holdout
  holdoutPath @21 :Text $Since.since(2);
  moreMetrics @22 :List(Metric) $Since.since(2);  # beside `metric`, the primary one
  sandbox @23 :Sandbox $Since.since(2);       # absent: any driver, the worker's own files

  struct Search {
    policy @0 :PolicyKind;
    width @1 :UInt32;           # of the beam
    exploration @2 :Float64;    # of ucb; finite
    islands @3 :UInt32;
    migrationEvery @4 :UInt64;  # decided experiments; 0: never
    resetEvery @5 :UInt64;      # likewise
    maxParentAge @6 :UInt64;    # experiments that began after it; 0: no bound
    seed @7 :UInt64;
    simplicity @8 :Bool;        # what is no worse and smaller is kept
    simplicityMetric @9 :Text;  # that says how large a candidate is; empty: lines
    simplifyAfter @10 :UInt64 = 10;  # experiments without a better one; 0: never
    withoutMerge @11 :Bool;
    nearDuplicates @12 :NearDuplicates $Since.since(2);
    similarity @13 :Float64 = 0.9 $Since.since(2);  # from which on changes are nearly the same
  }
  struct Scale {
    name @0 :Text;
    env @1 :List(Variable);
    overlay @2 :Text;             # folder, relative to the repository's root; empty: none
    timeoutMs @3 :Int64;          # 0: the evaluator's
    needs @4 :Resources;          # absent: the lab's, labels too
    needLabels @5 :List(Text);
    fraction @6 :Float64;         # of the entrants below that climb to it; 0: margin decides
    margin @7 :Float64;
    marginIsRelative @8 :Bool;
    floor @9 :UInt64;             # entrants that it takes; 0: by the fraction
    approve @10 :Bool;            # by a person, each time
    maxExperiments @11 :UInt64;   # 0: no limit
    maxTimeMs @12 :Int64;         # of measuring, all workers together; 0: no limit
  }
  struct Variable { name @0 :Text; value @1 :Text; }
  struct Artifact {
    editable @0 :List(Text);
    frozen @1 :List(Text);
    maxFileBytes @2 :UInt64;
  }
  struct Metric {
    name @0 :Text;
    direction @1 :Direction;
    minImprovement @2 :Float64;
    relative @3 :Bool;
    confidence @4 :Float64;
    maxRepeats @5 :UInt32;
    worst @6 :MaybeNumber $Since.since(2);  # nothing worse is kept; none: twice as bad as the baseline
  }
  struct Constraint {
    metric @0 :Text;
    min @1 :MaybeNumber;
    max @2 :MaybeNumber;
  }
  struct Evaluator {
    union {
      python :group { module @0 :Text; className @1 :Text; }
      command :group { command @2 :Text; parse @3 :ParseKind; pattern @4 :Text; }
    }
    timeoutMs @5 :Int64;
    dataKind @6 :DataKind;
    dataPath @7 :Text;
    network @8 :List(Destination) $Since.since(2);  # of evaluator and guard; empty: none
    service @9 :HostService $Since.since(2);        # absent: none
  }
  struct HostService {
    command @0 :Text;
    port @1 :UInt16;
  }
  struct Sandbox {
    driver @0 :SandboxDriver;   # needLabels has the worker's side of it
    image @1 :Text;             # of a container engine; empty: none
    dockerfile @2 :Text;        # relative to the repository's root, as the context; empty: none
    buildContext @3 :Text;
  }
  struct Guard {
    command @0 :Text;
    timeoutMs @1 :Int64;
    reworks @2 :UInt32 $Since.since(2);     # times that an agent may repair what fails; 0: none
  }
  struct Agent {
    kind @0 :AgentKind;
    command @1 :Text;
    args @2 :List(Text);
    instructions @3 :Text;
    timeoutMs @4 :Int64;
    env @5 :List(Text);
    briefTokens @6 :UInt32 = 6000 $Since.since(2);  # that a brief has, about; 0: no limit
    # Of all kinds but command, which only workers with the capability "presets" have.
    model @7 :Text $Since.since(2);         # empty: the program's own choice
    baseUrl @8 :Text $Since.since(2);       # of its provider; empty: the kind's own
    apiKey @9 :Text $Since.since(2);        # name of the worker's variable with the key
    credentials @10 :List(Text) $Since.since(2);  # files of the worker, read-only in the home
    network @11 :List(Destination) $Since.since(2);  # that it is let to beside its provider
    prices @12 :List(Price) $Since.since(2);
    experimentsPerSession @13 :UInt32 = 1 $Since.since(2);
    session @14 :SessionKind $Since.since(2);
  }
  struct Destination {
    host @0 :Text;
    port @1 :UInt16;            # 0: 80 and 443
  }
  struct Price {
    # For a million tokens.
    model @0 :Text;
    inputMicroUsd @1 :Int64;
    outputMicroUsd @2 :Int64;
    cachedMicroUsd @3 :Int64;
  }
  struct ResourceLimits {
    memoryBytes @0 :UInt64;
    processes @1 :UInt32;
    fileBytes @2 :UInt64;
    diskBytes @3 :UInt64;
    outputBytes @4 :UInt64;
    cpus @5 :Float64;
  }
  struct StopLimits {
    maxIterations @0 :UInt64;
    maxTimeMs @1 :Int64;
    maxCostMicroUsd @2 :Int64;
    targetScore @3 :MaybeNumber;
    plateauThreshold @4 :UInt64;
    maxRestarts @5 :UInt32;
    # Of expected_gain; 0: not looked at.
    gainChance @6 :Float64 $Since.since(2);
    gainExperiments @7 :UInt64 = 20 $Since.since(2);  # within which
    gainPerDollar @8 :Float64 $Since.since(2);
  }
}
