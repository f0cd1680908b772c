// What a worker is given, and what it gives back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/model/experiment.h"
#include "common/model/lab.h"
#include "common/model/transcript.h"

namespace swarmlab {

// What an agent is told before it starts.
struct Briefing {
  std::string brief;    // brief.md
  std::string results;  // results.tsv as the agent sees it
  bool operator==(const Briefing&) const = default;
};

// One pair of runs, on one worker: of a candidate, and of what it is compared with.
struct Comparison {
  ObjectId candidate;
  ObjectId reference;
  std::uint32_t pair = 0;  // from 0; of odd ones the reference runs first, so that drift cancels
  bool operator==(const Comparison&) const = default;
};

// What a parent is to be merged with. An agent is asked only where the two conflict. Of `simplify`
// it takes a change out of the parent: `base` has that change, `commit` is what it was made from;
// where that conflicts with later changes there is no candidate.
struct MergeWith {
  ExperimentNumber other;
  ObjectId commit;
  ObjectId base;  // commit that both come from
  bool operator==(const MergeWith&) const = default;
};

// A leased task, with all that a worker needs to do it.
struct Assignment {
  TaskId task;
  FencingToken token;
  LabId lab;
  ExperimentNumber experiment;
  TaskKind kind = TaskKind::explore;
  std::optional<ExperimentNumber> parent;
  ObjectId parent_commit;  // where the change starts; of a baseline: the lab's own commit
  ObjectId lab_commit;     // whose evaluator, guard and frozen files count
  ObjectId evaluator_hash;
  ObjectId data_hash;
  Milliseconds lease{0};  // from now; heartbeats extend it
  Resources takes;        // of the worker, while the lease lasts
  LabSettings settings;
  std::uint32_t repeats = 1;             // of a baseline: runs of the evaluator
  std::optional<Comparison> comparison;  // of `measure`
  std::optional<MergeWith> merge;        // of `merge` and `simplify`
  std::optional<ObjectId> candidate{};   // of `inject`: the commit to measure, without an agent
  Briefing briefing{};                   // empty: to be asked for when the agent is about to start
  bool operator==(const Assignment&) const = default;
};

// What an agent is about to try, in its own words, while it works. Text: nothing is decided by it.
struct Announcement {
  std::string hypothesis;
  std::string mechanism;
  bool operator==(const Announcement&) const = default;
};

// How an attempt ended, as the worker saw it. The verdict is the coordinator's.
enum class Outcome : std::uint8_t {
  measured,
  crash,
  timeout,
  guard_failed,
  out_of_scope,
  duplicate,  // the coordinator knew the tree; not measured again
  no_change,
  invalid,
  returned,  // handed back undone (drain, cancel): counts as nothing but its cost
};

struct Report {
  TaskId task;
  FencingToken token;
  LabId lab;
  ExperimentNumber experiment;
  Outcome outcome = Outcome::returned;
  std::string reason;  // of every outcome but `measured`
  std::optional<ObjectId> commit;
  std::optional<ObjectId> tree;
  std::vector<std::string> paths;          // of `out_of_scope`
  std::optional<Measurement> measurement;  // of `measured`
  std::vector<Measurement> more;  // of a baseline: further runs; of a pair: the reference's run
  AgentNotes notes;
  std::string host_class;
  Cost cost;
  std::vector<StageTime> stages;
  bool own_failure = false;  // of `returned`: the worker failed, nobody told it to stop
  std::optional<NearDuplicate> near_duplicate{};  // as the coordinator said of its tree
  std::uint32_t reworks = 0;                      // repairs by the agent after the guard had failed
  std::optional<AgentRun> agent{};                // none: no agent ran
  bool operator==(const Report&) const = default;
};

// Texts that travel with a report and are stored beside the experiment, never in memory.
struct Attachments {
  std::vector<SampleScore> samples;
  std::string agent_log;  // tails of merged output, capped by the worker
  std::string guard_log;
  std::string evaluator_log;
  std::string sketch{};  // of the change (sketch.h); empty: none
  Transcript transcript{};
  bool operator==(const Attachments&) const = default;
};

}  // namespace swarmlab
