// What it costs to decide in a lab with a long history: 1,000,000 experiments, of which 10,000 were
// kept. Each round is an experiment: a worker asks and is given a parent, and reports what is no
// improvement. Reports that are kept are measured apart. The same of a lab with two metrics, in
// which none of so many dominates another: `kept` is one that joins them.
//
//   policy_bench [--benchmark_filter=ucb]
#include <benchmark/benchmark.h>

#include <array>
#include <random>
#include <string>

#include "common/model/names.h"
#include "common/result.h"
#include "coordinator/swarm/command.h"
#include "coordinator/swarm/search.h"

namespace swarmlab::swarm {
namespace {

constexpr std::uint64_t kExperiments = 1'000'000;
constexpr std::uint64_t kKept = 10'000;
constexpr LabId kLab{1};
constexpr SessionId kSession{1};

ObjectId object(std::uint64_t number) {
  ObjectId id;
  std::minstd_rand random(static_cast<std::uint32_t>(number + 1));
  for (std::uint8_t& byte : id.bytes) byte = static_cast<std::uint8_t>(random() >> 8U);
  return id;
}

// How many of the kept ones stand for a trade-off that no other one dominates.
LabSettings settings_of(PolicyKind policy, std::uint64_t front) {
  LabSettings settings;
  settings.name = "bench";
  settings.policy = policy;
  settings.search = {.width = kWidestBeam, .islands = 16};
  if (front > 0) {
    Metric size;
    size.name = "size";
    settings.more_metrics = {size};
  }
  settings.metric.confidence = front > 0 ? 0.0 : settings.metric.confidence;
  settings.stop = {};
  settings.stop.max_iterations = 0;
  settings.stop.plateau_threshold = 0;
  settings.stop.max_time = Milliseconds(0);
  return settings;
}

// A state with that history, as if it was loaded from a store.
class LongHistory {
 public:
  State state;
  Rules rules;
  Timestamp now{Milliseconds(1'000'000'000)};

  explicit LongHistory(PolicyKind policy, std::uint64_t front = 0) : has_two_metrics_(front > 0) {
    tell(OpenLab{.settings = settings_of(policy, front), .segment = segment(), .who = "bench"});
    Worker worker;
    worker.name = kWorker;
    worker.slots = 4;
    worker.measures = true;  // and merges
    tell(WorkerArrived{.worker = worker, .session = kSession, .held = {}});
    work(kWorst);
    Lab& lab = state.labs.at(kLab);
    std::mt19937_64 random(7);
    for (std::uint64_t i = 1; i < kKept; ++i) add_kept(lab, i, random);
    if (front > 0) trade_off(lab, front);
    for (std::uint64_t i = 0; i < kExperiments; ++i) {
      lab.trees.emplace(object(i), ExperimentNumber(i + 1));
    }
    lab.next_experiment = ExperimentNumber(kExperiments + 1);
    lab.counters.experiments = kExperiments;
    lab.counters.iterations = kExperiments - 1;
    rebuild_index(state);
  }

  // From the ask to the report.
  void work(double score, double size = kWorst) {
    const Reply reply = tell(WorkAsked{.worker = kWorker, .session = kSession});
    const auto* granted = std::get_if<Granted>(&reply);
    SWARMLAB_ASSERT(granted != nullptr);
    tell(ReportArrived{
        .worker = kWorker, .report = report_of(*granted, score, size), .decided = {}});
  }

  [[nodiscard]] const Lab& lab() const { return state.labs.at(kLab); }

  static constexpr double kWorst = 1e9;  // of either metric: the baseline's

 private:
  bool has_two_metrics_;
  const WorkerName kWorker{"w"};
  std::uint64_t trees_ = 2 * kExperiments;

  static Segment segment() {
    Segment segment;
    segment.lab_commit = object(1);
    segment.evaluator_hash = object(2);
    return segment;
  }

  Reply tell(const Command& command) {
    Decision decision = decide(state, rules, command, now);
    for (const Change& change : decision.changes) evolve(state, change);
    return decision.reply;
  }

  // A hundredth of all experiments, each better than some older one, and visited for as long as it
  // has been there.
  static void add_kept(Lab& lab, std::uint64_t place, std::mt19937_64& random) {
    const auto parent =
        std::prev(lab.frontier.end(),
                  static_cast<std::ptrdiff_t>(1 + random() % std::min<std::uint64_t>(place, 50)));
    FrontierEntry entry;
    entry.number = ExperimentNumber(place * (kExperiments / kKept));
    entry.parent = parent->first;
    entry.score = parent->second.score - static_cast<double>(random() % 1000);
    entry.commit = object(place);
    entry.visits = random() % 200;
    lab.frontier.emplace(entry.number, entry);
    if (entry.score < lab.best->score) lab.best = entry;
  }

  // The newest give up some of one metric for the other; all before them are worse in both.
  static void trade_off(Lab& lab, std::uint64_t front) {
    std::uint64_t left = lab.frontier.size();
    for (auto& [number, entry] : lab.frontier) {
      const bool is_newest = left-- <= front;
      if (number == lab.segment.baseline) continue;
      const double place = static_cast<double>(left) / static_cast<double>(front);
      entry.score = is_newest ? 1e6 * (1.0 + place) : 1e8;
      entry.others = {is_newest ? 1e6 * (2.0 - place) : 1e8};
      if (entry.score < lab.best->score) lab.best = entry;
    }
  }

  Report report_of(const Granted& granted, double score, double size) {
    const Task& task = state.tasks.at(granted.task);
    Report report;
    report.task = task.id;
    report.token = granted.token;
    report.lab = task.lab;
    report.experiment = task.experiment;
    report.outcome = Outcome::measured;
    report.commit = object(++trees_);
    report.tree = object(++trees_);
    Measurement measurement;
    measurement.score = score;
    measurement.identity.tree = *report.tree;
    measurement.identity.evaluator = state.labs.at(kLab).segment.evaluator_hash;
    if (has_two_metrics_) measurement.metrics = {{.name = "size", .value = size}};
    report.measurement = measurement;
    return report;
  }
};

// Alone: which parent.
void pick(benchmark::State& run, PolicyKind policy) {
  const LongHistory history(policy);
  for (auto _ : run) {
    benchmark::DoNotOptimize(policy::pick_parent(policy, view_of(history.state, history.lab())));
  }
}

// Both decisions of an experiment that is not kept, and what they change.
void discarded(benchmark::State& run, PolicyKind policy) {
  LongHistory history(policy);
  for (auto _ : run) history.work(1e9);
}

// Of one that is: it gets into the frontier, and above others.
void kept(benchmark::State& run, PolicyKind policy) {
  LongHistory history(policy);
  double score = history.lab().best->score;
  for (auto _ : run) history.work(score -= 1.0);
}

constexpr std::array<std::int64_t, 3> kFronts = {10, 100, 1000};

void discarded_of_two(benchmark::State& run) {
  LongHistory history(PolicyKind::greedy, static_cast<std::uint64_t>(run.range(0)));
  for (auto _ : run) history.work(1e9);
}

// Each is smaller than all others and dominates only the one before, so that the front stays as
// large as it is.
void kept_of_two(benchmark::State& run) {
  LongHistory history(PolicyKind::greedy, static_cast<std::uint64_t>(run.range(0)));
  double size = 9e5;
  for (auto _ : run) history.work(3e6, size -= 1.0);
}

void add(const char* what, void (*function)(benchmark::State&, PolicyKind)) {
  for (const PolicyKind policy : kPolicies) {
    const std::string name = std::string(what) + "/" + std::string(name_of(policy));
    benchmark::RegisterBenchmark(name.c_str(), function, policy)->Unit(benchmark::kMicrosecond);
  }
}

}  // namespace
}  // namespace swarmlab::swarm

int main(int argc, char** argv) {
  using namespace swarmlab::swarm;
  add("pick", pick);
  add("discarded", discarded);
  add("kept", kept);
  for (const std::int64_t front : kFronts) {
    benchmark::RegisterBenchmark("discarded/two metrics", discarded_of_two)
        ->Arg(front)
        ->Unit(benchmark::kMicrosecond);
    benchmark::RegisterBenchmark("kept/two metrics", kept_of_two)
        ->Arg(front)
        ->Unit(benchmark::kMicrosecond);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
