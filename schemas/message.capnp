@0xf29b1d7c05ea4804;
# What workers, the coordinator and the command line say to each other: one Envelope a ZeroMQ
# message. A request gets one reply with the same requestId. Every request may be sent again when
# its reply is lost: the coordinator answers the same, and counts it once.
#
# Times are durations in milliseconds: no side trusts the other's clock. Messages are at most 4 MiB.
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("swarmlab::schema");
using Lab = import "lab.capnp";
using Record = import "record.capnp";
using View = import "view.capnp";
using Since = import "since.capnp";

# 1: the first. 2: capabilities.
# A field or a body that is added here gets $Since.since(N), N being protocolVersion: a peer that
# speaks an older one is not sent it.
const protocolVersion :UInt16 = 2;   # what this build speaks
const oldestProtocol :UInt16 = 1;    # what it still understands
const chunkBytes :UInt32 = 262144;   # of a pack in one message, at most

struct Envelope {
  version @0 :UInt16;      # that the message is written in; before a welcome, the newest of the sender
  requestId @1 :UInt64;    # by who asks, 1 or more; the reply repeats it. 0: nobody asked
  session @2 :UInt64;      # from Welcome; workers put it in all that follows Hello. 0: none
  oldestVersion @34 :UInt16 $Since.since(2);  # that the sender understands. 0: only `version`

  body :union {
    none @3 :Void;         # what an unset or unknown body reads as: answered by an error

    # Worker -> coordinator
    hello @4 :Hello;
    work @5 :Work;
    heartbeat @6 :Heartbeat;
    treeCheck @7 :TreeCheck;
    packChunk @8 :PackChunk;      # the command line sends them too, before OpenLab
    fetch @9 :Fetch;
    fetchChunk @10 :FetchChunk;
    bye @11 :Void;                # answered by done; the worker has no lease any more
    brief @37 :HeldLease $Since.since(2);  # asks for the texts of a task that it holds

    # Coordinator -> worker
    welcome @12 :Welcome;
    workReply @13 :WorkReply;
    heartbeatReply @14 :HeartbeatReply;
    treeReply @15 :TreeReply;
    chunkAck @16 :ChunkAck;
    fetchReply @17 :FetchReply;
    fetchData @18 :FetchData;
    sayHello @19 :Void;           # the session is not known (any more): say hello, then again
    briefReply @38 :BriefReply $Since.since(2);

    # Command line -> coordinator
    openLab @20 :OpenLab;
    setLabStatus @21 :SetLabStatus;
    query @22 :Query;
    drain @33 :Text;              # name of a worker: it finishes what runs, then leaves
    branchLab @35 :BranchLab $Since.since(2);  # answered by labOpen
    release @42 :ReleaseWorker $Since.since(2);  # out of quarantine
    putCommit @39 :PutCommit $Since.since(2);   # answered by done, or by chunkAck: not all is here
    dataManifest @40 :Data $Since.since(2);     # hash of data; workers ask it too

    backup @43 :Backup $Since.since(2);        # answered by backupReply
    steerCandidate @45 :SteerCandidate $Since.since(2);  # answered by done

    hint @47 :Hint $Since.since(2);            # answered by hinted
    inject @48 :Inject $Since.since(2);        # answered by injected
    reject @49 :Reject $Since.since(2);        # answered by rejected

    # Coordinator -> command line
    labOpen @23 :LabOpen;
    status @24 :View.StatusView;
    labs @25 :View.LabList;
    experiments @26 :View.ExperimentList;
    experiment @27 :View.ExperimentDetail;   # of show and best
    frontier @28 :View.FrontierList;
    events @29 :View.EventList;
    results @30 :Text;                       # results.tsv
    manifest @41 :Data $Since.since(2);         # of dataManifest: "MODE ID PATH" a line; may be cut
    steered @36 :View.SteeredList $Since.since(2);  # of setLabStatus, if it is to be told

    backupReply @44 :BackupReply $Since.since(2);
    ladder @46 :View.LadderView $Since.since(2);
    hinted @50 :View.HintView $Since.since(2);
    injected @51 :View.InjectedView $Since.since(2);
    rejected @52 :View.RejectedView $Since.since(2);
    hints @53 :View.HintList $Since.since(2);
    context @54 :View.ContextView $Since.since(2);
    failures @55 :View.FailureList $Since.since(2);
    pools @56 :View.PoolList $Since.since(2);

    # Coordinator -> anyone
    done @31 :Void;
    error @32 :Error;
  }
}

struct HeldLease {
  task @0 :UInt64;
  token @1 :UInt64;
}

enum ErrorCode {
  # Mirrors common/result.h: tells whether to retry, and how.
  invalidInput @0;
  notFound @1;
  conflict @2;
  unavailable @3;
  corrupt @4;
  internal @5;
}

struct Error {
  code @0 :ErrorCode;
  message @1 :Text;
}

# ---- Workers ----

struct Hello {
  worker @0 :Text;           # name: one worker of that name at a time, the newest session wins
  hostClass @1 :Text;
  slots @2 :UInt32;
  held @3 :List(HeldLease);  # what runs, and what is spooled but not acknowledged
  protocolMin @4 :UInt16;
  protocolMax @5 :UInt16;
  version @6 :Text;          # of the worker's build, for people
  again @7 :Bool;            # this process said hello before: what it does not hold, it never got
  capabilities @8 :List(Text) $Since.since(2);  # names of what it can beyond its protocol
  capacity @9 :Lab.Capacity $Since.since(2); # absent: it has nothing to give but its slots
}

struct Welcome {
  session @0 :UInt64;
  keep @1 :List(HeldLease);  # of those held; the rest is dropped, nobody waits for it
  heartbeatMs @2 :UInt32;    # how often to send Heartbeat
  leaseMs @3 :UInt32;        # what each heartbeat extends a lease to
  protocol @4 :UInt16;       # to be spoken from now on: the newest that both understand
  capabilities @5 :List(Text) $Since.since(2);  # of the coordinator
}

struct Work {
  # A slot asks for a task, reports one, or both: a report carries the next ask.
  ask @0 :Bool;
  report @1 :Record.Report;             # absent: only asks
  attachments @2 :Record.Attachments;   # of the report; absent: none
  packBytes @3 :UInt64;  # length of the pack that was sent under the report's (task, token). 0: none
  slot @4 :UInt32;       # who asks, from 0. A slot that asks again did not get the last answer.
}

struct WorkReply {
  report :union {
    none @0 :Void;           # nothing was reported
    counted @1 :Counted;
    stale @2 :Text;          # why it does not count; the worker may forget it all the same
    refused @6 :Text;        # it makes no sense: sending it again will not help
  }
  task :union {
    none @3 :Void;           # nothing was asked
    assignment @4 :Record.Assignment;
    nothing @5 :Nothing;
  }

  struct Counted {
    verdict @0 :Record.Verdict;
    reason @1 :Text;
    undecided @2 :Bool $Since.since(2);  # it is measured again: the verdict says nothing yet
  }
  struct Nothing {
    because @0 :Text;
    retryMs @1 :UInt32;
  }
}

struct Heartbeat {
  held @0 :List(HeldLease);  # full state, not a difference: lost heartbeats heal by themselves
  leaving @1 :Bool;          # the worker drains: it takes nothing more
  announced @2 :List(Announcement) $Since.since(2);  # of those held, what their agents said so far

  struct Announcement {
    # What an agent is about to try, in its own words.
    task @0 :UInt64;
    token @1 :UInt64;
    hypothesis @2 :Text;     # at most 1000 bytes; longer ones are cut
    mechanism @3 :Text;      # likewise, 2000
  }
}

struct HeartbeatReply {
  drop @0 :List(HeldLease);  # end these: nobody waits for them
  drain @1 :Bool;            # take nothing more, finish what runs, then leave
}

struct BriefReply {
  brief @0 :Text;            # brief.md, as of now
  results @1 :Text;          # results.tsv
}

struct TreeCheck {
  # Is a candidate of this tree known? A known one need not be measured.
  lab @0 :UInt64;
  tree @1 :Data;             # object id
  task @2 :UInt64;
  token @3 :UInt64;
  sketch @4 :Data $Since.since(2);    # of the change; empty: none
}

struct TreeReply {
  union {
    unknown @0 :Void;
    experiment @1 :UInt64;   # the one that has this tree
  }
  nearDuplicate @2 :Record.NearDuplicate $Since.since(2);  # of `unknown`; absent: none
  skip @3 :Bool $Since.since(2);      # the lab does not want near duplicates measured
}

struct PackChunk {
  # A piece of the git pack of one attempt, in order. A chunk that was received is acknowledged
  # again; a gap is answered by where to go on.
  task @0 :UInt64;           # 0: of a lab that is to be opened, `token` is a number of the sender's
  token @1 :UInt64;
  offset @2 :UInt64;         # bytes
  data @3 :Data;             # at most chunkBytes
  last @4 :Bool;
  size @5 :UInt64 $Since.since(2);   # of the whole pack
  hash @6 :Data $Since.since(2);     # that the pack ends with: under another one it begins anew
}

struct ChunkAck {
  received @0 :UInt64;       # bytes in a row from 0: the next offset
  credit @1 :UInt32 $Since.since(2);  # bytes beyond `received` that may be on their way
}

struct Fetch {
  # Asks for a pack with all objects of `wanted` that commits in `have` do not bring. People ask for
  # an experiment instead, and get what its candidate changed in the commit that it started from.
  lab @0 :UInt64;
  wanted @1 :List(Data);     # object ids of commits
  have @2 :List(Data);       # object ids of commits
  labName @3 :Text $Since.since(2);       # with `experiment`, instead of `lab`
  experiment @4 :UInt64 $Since.since(2);  # its number. 0: none
}

struct FetchReply {
  transfer @0 :UInt64;       # 0: nothing is missing
  size @1 :UInt64;           # bytes
  hash @2 :Data $Since.since(2);      # that the pack ends with: what is here of it can be kept
}

struct FetchChunk {
  transfer @0 :UInt64;
  offset @1 :UInt64;
  ticket @2 :UInt64 $Since.since(2);  # of the latest FetchData that came: it and those before make room. 0: none
}

struct FetchData {
  offset @0 :UInt64;
  data @1 :Data;             # at most chunkBytes; empty at the end
  ticket @2 :UInt64 $Since.since(2);  # to be given back: until then the chunk counts as on its way
  credit @3 :UInt32 $Since.since(2);  # bytes that may be on their way to this peer
}

# ---- Command line ----

struct PutCommit {
  # Wants the coordinator to have a commit and all that it needs: of a lab, or of data. Asked before
  # and after its pack was sent, as task 0 under `token`; `unavailable` while the pack is checked.
  commit @0 :Data;           # object id
  token @1 :UInt64;          # a number of the sender's, the same when it goes on
  size @2 :UInt64;           # of the pack
  hash @3 :Data;             # that it ends with
}

struct OpenLab {
  settings @0 :Lab.LabSettings;
  labCommit @1 :Data;        # object id: the coordinator's object store must have it
  evaluatorHash @2 :Data;    # object id
  dataHash @3 :Data;         # object id; 20 zero bytes: no data
  who @4 :Text;              # user@host, for the record
  packToken @5 :UInt64;      # of a pack that was sent before as task 0; 0: none
  packBytes @6 :UInt64;
  holdoutHash @7 :Data $Since.since(2);  # object id; empty: no holdout
}

struct LabOpen {
  lab @0 :UInt64;
  resumed @1 :Bool;
  newSegment @2 :Bool;
  staysStopped @3 :Text;     # not empty: a limit that already holds, and how to raise it
  name @4 :Text $Since.since(2);   # of the lab
}

struct BranchLab {
  # A lab of its own that starts from the candidate of an experiment. The same again changes nothing.
  lab @0 :Text;              # name
  experiment @1 :UInt64;     # kept or not, but with a candidate
  name @2 :Text;             # of the branch, below its parent: "wide" becomes "LAB/wide"
  set @3 :List(Text);        # "search.policy=best-of-n": laid over the lab's settings
  instructions @4 :Instructions;   # absent: the lab's own
  who @5 :Text;              # user@host, for the record

  struct Instructions { text @0 :Data; }
}

struct SetLabStatus {
  lab @0 :Text;              # name
  wish @1 :Wish;
  reason @2 :Text;
  who @3 :Text;
  below @4 :Bool $Since.since(2);   # and all labs below it: "models" is models/tiny too, "" is all
  tell @5 :Bool $Since.since(2);    # answer by steered, not by done

  enum Wish { pause @0; resume @1; stop @2; }
}

struct SteerCandidate {
  # A person's word on a kept candidate.
  lab @0 :Text;              # name
  experiment @1 :UInt64;
  wish @2 :Wish;
  reason @3 :Text;
  who @4 :Text;              # user@host, for the record

  enum Wish {
    promote @0;              # to the next scale, or that it waits for
    reject @1;
  }
}

struct ReleaseWorker {
  worker @0 :Text;           # name
  who @1 :Text;
}

struct Hint {
  # A person's message to the agents of a lab. The same again is the same hint.
  lab @0 :Text;              # name
  text @1 :Text;             # 1 to 2000 bytes; empty: `withdraw` says which ends
  withdraw @2 :UInt64;       # number of a hint
  who @3 :Text;              # user@host, for the record
}

struct Inject {
  # A person's candidate: measured and judged like any other. The same again changes nothing.
  lab @0 :Text;              # name
  commit @1 :Data;           # object id: put before (putCommit)
  hypothesis @2 :Text;
  mechanism @3 :Text;
  who @4 :Text;
  parent @5 :UInt64;         # experiment whose candidate it was made from. 0: the baseline
}

struct Reject {
  # Takes a kept candidate out of the search: it is no parent and not the best any more.
  lab @0 :Text;              # name
  experiment @1 :UInt64;
  why @2 :Text;
  descendants @3 :Bool;      # and all kept ones that descend from it
  who @4 :Text;
}

struct Backup {
  # Begins a backup, or asks how the one with this ticket is. It is made beside all else.
  ticket @0 :UInt64;         # random, by who asks; the same again is the same backup
  destination @1 :Text;      # absolute path on the coordinator's machine
  keep @2 :UInt32;           # 0: destination becomes the backup. Else: a folder of so many backups
  waitMs @3 :UInt32;         # how long to hold the answer while it is being made
}

struct BackupReply {
  union {
    running @0 :Void;        # ask again
    done @1 :View.BackupView;
  }
}

struct Query {
  union {
    status @0 :Void;
    labs @1 :Void;
    experiments @2 :Experiments;
    show @3 :Show;
    best @4 :Text;           # lab name
    frontier @5 :Text;       # lab name
    events @6 :Events;
    results @7 :Text;        # lab name
    ladder @8 :Text $Since.since(2);  # lab name
    hints @9 :Text $Since.since(2);     # lab name
    context @10 :Text $Since.since(2);   # lab name
    failures @11 :Text $Since.since(2); # lab name
    pools @12 :Void $Since.since(2);    # what each pool of workers could use
  }

  struct Experiments {
    lab @0 :Text;            # name
    after @1 :UInt64;        # numbers above this; 0: from the first
    limit @2 :UInt32;
    verdict @3 :Text;        # only these; empty: all
  }
  struct Show {
    lab @0 :Text;            # name
    number @1 :UInt64;
  }
  struct Events {
    after @0 :UInt64;        # sequences above this
    limit @1 :UInt32;
    waitMs @2 :UInt32;       # how long to hold the answer while there is none
  }
}
