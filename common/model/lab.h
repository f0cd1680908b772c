// A lab as its lab.toml, its ancestors and the flags of `run` settle it: what may be edited, what
// scores it, when to stop. Plain values; common/lab reads them, common/wire carries them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/model/resources.h"
#include "common/strong_id.h"

namespace swarmlab {

enum class Direction : std::uint8_t { minimize, maximize };

// What may change. Globs are relative to the root of the repository ("labs/x/pipeline/**").
struct Artifact {
  std::vector<std::string> editable;
  std::vector<std::string> frozen;  // taken out of `editable` again
  std::uint64_t max_file_bytes = 10'000'000;
  bool operator==(const Artifact&) const = default;
};

// By how much a score must be better to count.
struct Improvement {
  double amount = 0.0;    // 0 or more, finite
  bool relative = false;  // a fraction of the score that is beaten ("1%" is 0.01)
  bool operator==(const Improvement&) const = default;
};

struct Metric {
  std::string name = "score";
  Direction direction = Direction::minimize;
  Improvement min_improvement;
  double confidence = 0.95;       // 0 (off) to below 1
  std::uint32_t max_repeats = 5;  // 1 or more
  // Of a lab with several: nothing worse is kept, and hypervolume is measured from here. None:
  // twice as bad as the baseline.
  std::optional<double> worst{};
  bool operator==(const Metric&) const = default;
};

// Another metric that must hold for a keep. At least one bound is set.
struct Constraint {
  std::string metric;
  std::optional<double> min;
  std::optional<double> max;
  bool operator==(const Constraint&) const = default;
};

// A class as Autoresearch Lab's backend.py has it. Paths are relative to the lab's folder.
struct PythonBackend {
  std::string module = "backend.py";
  std::string class_name = "EvalBackend";
  bool operator==(const PythonBackend&) const = default;
};

enum class ParseKind : std::uint8_t { regex, json, metric_lines };

struct CommandEvaluator {
  std::string command;  // run by /bin/sh in the lab's folder
  ParseKind parse = ParseKind::metric_lines;
  std::string pattern;  // of ParseKind::regex: group 1 is the score, the last match counts
  bool operator==(const CommandEvaluator&) const = default;
};

// Data comes as a folder of the repository, or lies at a path that every worker has, or is shipped
// to workers from a folder of the machine that the lab was opened on; none: `path` is empty.
struct DataSource {
  enum class Kind : std::uint8_t { none, folder, host_path, shipped };
  Kind kind = Kind::none;
  std::string path;
  bool operator==(const DataSource&) const = default;
};

// A place in the network that a sandbox is let to.
struct Destination {
  std::string host;        // name or address, in lower case
  std::uint16_t port = 0;  // 0: 80 and 443
  bool operator==(const Destination&) const = default;
};

// Runs on the worker, outside of sandboxes, which reach nothing of it but its port.
struct HostService {
  std::string command;  // run by /bin/sh in the lab's folder
  std::uint16_t port = 0;
  bool operator==(const HostService&) const = default;
};

struct Evaluator {
  std::variant<PythonBackend, CommandEvaluator> how;
  Milliseconds timeout = std::chrono::minutes(10);
  DataSource data;
  std::vector<Destination> network{};  // of evaluator and guard; empty: they have no network
  std::optional<HostService> service{};
  bool operator==(const Evaluator&) const = default;
};

inline constexpr std::uint32_t kMostReworks = 10;

struct Guard {
  std::string command;
  Milliseconds timeout = std::chrono::minutes(10);
  std::uint32_t reworks = 2;  // times that an agent may repair what fails; 0 to kMostReworks
  bool operator==(const Guard&) const = default;
};

enum class AgentKind : std::uint8_t { command, claude, codex, pi, opencode };

// How an agent's part of an experiment ends, and how it goes on with the next one of its session.
enum class SessionKind : std::uint8_t {
  resume,     // its process ends; a new one goes on by what it left in its home
  handshake,  // it writes verdicts/verdict.json, as Autoresearch Lab's agents do, and waits for it
              // to be taken away: the same process goes on, where the sandbox can hold it
};

// What a model costs, for a million tokens. Where the agent's program does not say itself.
struct Price {
  std::string model;  // as the program names it
  MicroUsd input;
  MicroUsd output;
  MicroUsd cached;  // of the input, read from the provider's cache
  bool operator==(const Price&) const = default;
};

struct Agent {
  AgentKind kind = AgentKind::command;
  std::string command;            // run by /bin/sh in the lab's folder of the workspace
  std::vector<std::string> args;  // put after the command
  std::string instructions;       // relative to the lab's folder ("AGENT.md"); may be missing
  Milliseconds timeout = std::chrono::minutes(15);
  std::vector<std::string> env;       // names that may pass from the worker's environment
  std::uint32_t brief_tokens = 6000;  // that a brief has, about; 0: no limit
  // Of the presets: all kinds but `command`.
  std::string model{};     // empty: the program's own choice
  std::string base_url{};  // of its provider; empty: the kind's own
  std::string api_key{};   // name of the worker's variable with the key; empty: the kind's own
  // Files of the worker ("~/.claude/.credentials.json"), read-only at their place in the home.
  std::vector<std::string> credentials{};
  std::vector<Destination> network{};  // that it is let to beside its provider
  std::vector<Price> prices{};         // by model
  std::uint32_t experiments_per_session = 1;
  SessionKind session = SessionKind::resume;  // handshake: of `command` alone
  bool operator==(const Agent&) const = default;
};

// What one sandbox may use. 0 means no limit of its own.
struct ResourceLimits {
  std::uint64_t memory_bytes = 4ULL << 30U;
  std::uint32_t processes = 512;
  std::uint64_t file_bytes = 2ULL << 30U;    // the largest file that can be written
  std::uint64_t disk_bytes = 8ULL << 30U;    // all that a sandbox may leave on disk
  std::uint64_t output_bytes = 1ULL << 20U;  // captured; the rest is counted and dropped
  double cpus = 0.0;
  bool operator==(const ResourceLimits&) const = default;
};

// What isolates the sandboxes of a lab. That a worker is to have it is said by a label, too: see
// common/model/sandbox.h.
enum class SandboxDriver : std::uint8_t { any, bubblewrap, docker, podman, runsc, runner };

struct SandboxSettings {
  SandboxDriver driver = SandboxDriver::any;
  // The root file system, of container engines; neither: what the worker's machine has.
  std::string image{};          // by name
  std::string dockerfile{};     // to build it from; relative to the repository's root
  std::string build_context{};  // folder, likewise
  bool operator==(const SandboxSettings&) const = default;

  [[nodiscard]] bool wants_image() const { return !image.empty() || !dockerfile.empty(); }
};

enum class PolicyKind : std::uint8_t { greedy, best_of_n, beam, ucb, islands };

inline constexpr std::uint32_t kWidestBeam = 256;
inline constexpr std::uint32_t kMostIslands = 64;

// Whether what is no worse and smaller is kept, and kept changes are tried to be taken out again.
struct Simplicity {
  bool counts = false;
  std::string metric{};     // that says how large a candidate is; empty: lines that are editable
  std::uint64_t after = 5;  // experiments without a better one before one is tried; 0: never
  bool operator==(const Simplicity&) const = default;
};

// What becomes of a change that is nearly that of an earlier experiment: it is measured and marked,
// or it is not measured.
enum class NearDuplicates : std::uint8_t { flag, skip };

// What the policies can be told. Each looks at its own; all are kept when another is chosen.
struct Search {
  std::uint32_t width = 4;             // of the beam, 1 to kWidestBeam
  double exploration = 1.0;            // of ucb, 0 or more: how much few visits weigh against value
  std::uint32_t islands = 4;           // 1 to kMostIslands
  std::uint64_t migration_every = 50;  // decided experiments; 0: never
  std::uint64_t reset_every = 200;     // likewise
  std::uint64_t max_parent_age = 0;    // experiments that began after it; 0: no bound
  std::uint64_t seed = 0;
  Simplicity simplicity{};
  bool merge = true;  // improvements that were found in parallel are combined
  NearDuplicates near_duplicates = NearDuplicates::flag;
  double similarity = 0.9;  // above 0, to 1: from which on changes are nearly the same
  bool operator==(const Search&) const = default;
};

// Ends a lab that can hardly be expected to find more. 0: not looked at.
struct GainLimit {
  double chance = 0.0;             // of a new best, below 1
  std::uint64_t experiments = 20;  // within which, 1 or more
  double per_dollar = 0.0;         // expected, in the metric's unit
  bool operator==(const GainLimit&) const = default;
};

struct StopLimits {
  std::uint64_t max_iterations = 50;              // experiments besides the baseline; 0: no limit
  Milliseconds max_time = std::chrono::hours(8);  // of running; 0: no limit
  MicroUsd max_cost{0};                           // 0: no limit
  std::optional<double> target_score;
  std::uint64_t plateau_threshold = 10;  // experiments in a row without a new best; 0: no limit
  std::uint32_t max_restarts = 3;        // of one experiment whose worker was lost
  GainLimit expected_gain{};
  bool operator==(const StopLimits&) const = default;
};

inline constexpr std::size_t kMostMetrics = 4;  // hypervolume grows hard to reckon with more

// An environment variable.
struct Variable {
  std::string name;
  std::string value;
  bool operator==(const Variable&) const = default;
};

// Which candidates of the scale below climb to a scale.
struct Promotion {
  double fraction = 0.25;   // the best of them, 0 to 1; 0: by `margin`
  Improvement margin{};     // over what the champion of this scale scores on the scale below
  std::uint64_t floor = 0;  // so many must have been measured there; 0: as `fraction` needs for one
  bool approve = false;     // only if a person says so
  bool operator==(const Promotion&) const = default;
};

// A rung of the ladder: the same lab at a larger budget, data set or machine.
struct Scale {
  std::string name;
  std::vector<Variable> env{};        // of guard and evaluator
  std::string overlay{};              // folder of the repository, laid over the lab's; empty: none
  Milliseconds timeout{0};            // of the evaluator; 0: as the lab has it
  std::optional<Needs> needs{};       // none: as the lab has them
  Promotion promotion{};              // to it; of the first scale it means nothing
  std::uint64_t max_experiments = 0;  // candidates measured at it; 0: no limit
  Milliseconds max_time{0};           // of measuring, all workers together; 0: no limit
  bool operator==(const Scale&) const = default;
};

struct LabSettings {
  std::string name;
  std::string folder;        // of the lab, relative to the repository's root; "" is the root
  std::string pipeline_dir;  // relative to the repository's root
  std::string results_file = "results.tsv";
  Artifact artifact;
  Metric metric;  // the primary one
  std::vector<Metric>
      more_metrics{};  // beside it; their confidence and max_repeats are the primary's
  std::vector<Constraint> constraints;
  Evaluator evaluator;
  std::optional<Guard> guard;
  Agent agent;
  ResourceLimits limits;
  PolicyKind policy = PolicyKind::greedy;
  Search search{};  // beside the policy
  StopLimits stop;
  std::string scale = "base";
  Needs needs;                     // of each task
  std::uint32_t max_parallel = 0;  // tasks at the same time; 0: no limit
  std::uint32_t weight = 1;        // of its share of the workers, 1 or more
  std::vector<Scale> scales{};     // the ladder, `scale` is the first of them; empty: it has none
  DataSource holdout{};            // kept candidates are measured on it too, for people only
  SandboxSettings sandbox{};
  bool operator==(const LabSettings&) const = default;
};

}  // namespace swarmlab
