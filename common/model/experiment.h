// An experiment: one candidate, where it came from, what it measured, and what became of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/model/agent_run.h"
#include "common/model/evidence.h"
#include "common/model/object_id.h"
#include "common/strong_id.h"

namespace swarmlab {

enum class Verdict : std::uint8_t {
  keep,
  discard,
  crash,
  timeout,
  guard_failed,
  out_of_scope,
  duplicate,
  no_change,
  invalid,  // no finite score came out
};

// What a lease is for. Of `measure` (a candidate again, beside what it is compared with), `promote`
// (a kept one at a larger scale) and `holdout` (a kept one on the holdout) there are no
// experiments: they go on with one. Of `inject` a person brought the candidate, of
// `simplify` it is the best without one of the kept changes in it.
enum class TaskKind : std::uint8_t {
  baseline,
  explore,
  measure,
  merge,
  promote,
  holdout,
  inject,
  simplify,
};

/// Whether a task of that kind makes an experiment.
[[nodiscard]] constexpr bool makes_experiment(TaskKind kind) {
  return kind != TaskKind::promote && kind != TaskKind::holdout;
}

struct MetricValue {
  std::string name;
  double value = 0.0;  // finite
  bool operator==(const MetricValue&) const = default;
};

struct SampleScore {
  std::string id;
  double score = 0.0;
  std::string error;  // empty: none
  std::string extra;  // a JSON object, or empty
  bool operator==(const SampleScore&) const = default;
};

// What an agent says of its change, in outcome.json. A note: nothing is decided by it.
struct AgentNotes {
  std::string hypothesis;
  std::string mechanism;
  std::optional<bool> mechanism_confirmed;
  std::string notes;
  std::vector<std::string> ideas;
  bool operator==(const AgentNotes&) const = default;
};

// Two scores are only compared where these allow it.
struct ScoreIdentity {
  ObjectId evaluator;  // hash of the evaluator, its settings, the guard and all frozen files
  ObjectId data;       // hash of the data; zero: none
  ObjectId tree;       // of the candidate
  std::string scale;
  std::string host_class;
  std::uint32_t repeat = 0;
  bool operator==(const ScoreIdentity&) const = default;
};

// One run of the evaluator on one clean checkout.
struct Measurement {
  ScoreIdentity identity;
  double score = 0.0;  // finite: others never become a measurement
  std::vector<MetricValue> metrics;
  Milliseconds took{0};
  WorkerName worker;
  bool operator==(const Measurement&) const = default;
};

struct Cost {
  MicroUsd usd;
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  bool operator==(const Cost&) const = default;
};

enum class Stage : std::uint8_t { fetch, checkout, agent, collect, guard, evaluate, pack, total };

struct StageTime {
  Stage stage = Stage::total;
  std::chrono::microseconds took{0};
  bool operator==(const StageTime&) const = default;
};

// A lease that ended before what it cost was known: who held it may still tell, and nobody else.
struct PastLease {
  FencingToken token;
  WorkerName worker;
  std::string key;  // public, of the worker; empty: it had none
  bool operator==(const PastLease&) const = default;
};

// A person's candidate.
struct Injection {
  std::string who;  // user@host
  ObjectId from;    // the commit in the person's own repository
  bool operator==(const Injection&) const = default;
};

// A person took a kept candidate out of the search.
struct Rejection {
  std::string who;  // user@host
  std::string why;
  Timestamp at;
  bool operator==(const Rejection&) const = default;
};

// A change that is nearly that of an earlier experiment with the same parent.
struct NearDuplicate {
  ExperimentNumber of;
  double similarity = 0.0;  // 0 to 1: of the lines that either changes, those that both do
  bool operator==(const NearDuplicate&) const = default;
};

// A decided experiment, as it is stored for good.
struct Experiment {
  LabId lab;
  ExperimentNumber number;
  TaskId task;
  TaskKind kind = TaskKind::explore;
  SegmentNumber segment;
  std::optional<ExperimentNumber> parent;       // none: a baseline
  std::optional<ExperimentNumber> merged_with;  // of a merge: the other side
  ObjectId parent_commit;
  std::string picked_because;  // why the policy took this parent
  Verdict verdict = Verdict::discard;
  std::string reason;  // why this verdict
  std::optional<ObjectId> commit;
  std::optional<ObjectId> tree;
  std::optional<ExperimentNumber> duplicate_of;
  std::vector<std::string> paths;  // that left the scope
  // The first decides whether there are more: of a baseline, further runs; of a candidate, pairs of
  // a run of it and one of what it was compared with.
  std::vector<Measurement> measurements;
  std::optional<double> judged_score;        // after repeated runs: what it is worth
  std::optional<Evidence> evidence;          // of a comparison in pairs
  std::optional<double> size{};              // where simplicity counts: lines, or the lab's metric
  bool simpler = false;                      // kept for being smaller, not for being better
  std::optional<ExperimentNumber> undoes{};  // of a simplification: the change that it takes out
  std::optional<double> mad_confidence{};    // as pi-autoresearch reckons it, after this one
  // Of a lab with several metrics, of the further ones in the order of the settings.
  std::vector<double> other_scores{};
  std::vector<Evidence> other_evidence{};
  std::optional<double> hypervolume{};  // of a keep: of the frontier with it
  std::uint32_t reworks = 0;            // repairs by its agent after the guard had failed
  AgentNotes notes;
  WorkerName worker;
  std::string host_class;
  FencingToken token;  // under which it was counted; zero: given up, no report did
  std::vector<FencingToken>
      measured_under;                 // whose reports counted, in order; empty: `token` alone
  std::vector<FencingToken> charged;  // whose cost is in `cost`, each once
  std::uint32_t attempts = 1;         // leases that it took
  Cost cost;
  Timestamp started_at;
  Timestamp ended_at;
  std::vector<StageTime> stages;
  std::vector<PastLease> past_leases{};  // of the task, before the one that counted
  std::optional<Injection> injection{};  // none: an agent made it
  std::optional<Rejection> rejection{};
  std::optional<NearDuplicate> near_duplicate{};
  std::optional<AgentRun>
      agent{};  // the last round of it; none: no agent made it, or it said nothing
  bool operator==(const Experiment&) const = default;

  [[nodiscard]] std::optional<double> score() const {
    if (judged_score) return judged_score;
    if (measurements.empty()) return std::nullopt;
    return measurements.front().score;
  }
};

}  // namespace swarmlab
