// What the store costs: durable commits by the size of the burst, and a large history: its size,
// the time to open it, memory, and the queries that people and policies ask.
//
//   store_bench [EXPERIMENTS] [FOLDER]      default: 200000, in a new folder of TMPDIR
//
// The state is made by hand, as decisions are not what is measured: each experiment is an ask (a
// task and a lease) and a report.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "common/os/file.h"
#include "common/os/unique_fd.h"
#include "coordinator/store/store.h"

namespace swarmlab::store {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void give_up(const Error& error) {
  fmt::print(stderr, "{}\n", error.message);
  std::exit(1);
}

template <class T>
T must(Result<T> result) {
  if (!result) give_up(result.error());
  return std::move(*result);
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// A line of /proc/self/status in MB.
double memory_mb(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::uint64_t kb = 0;
    if (word == name && status >> kb) return static_cast<double>(kb) / 1024.0;
  }
  return 0.0;
}

ObjectId object(std::uint64_t number) {
  std::mt19937_64 random(number);
  ObjectId id;
  for (std::uint8_t& byte : id.bytes) byte = static_cast<std::uint8_t>(random());
  return id;
}

// A lab whose experiments come one after the other.
class History {
 public:
  explicit History(Store& store) : store_(store), state_(must(store.load())) {
    if (state_.labs.empty()) open_lab();
  }

  // An experiment: the changes of its ask and of its report.
  void run() {
    const std::uint64_t number = state_.next_task.value();
    const bool is_baseline = number == 1;
    const auto token = state_.next_token;
    const double score = 1000.0 / (1.0 + 1e-5 * static_cast<double>(number)) +
                         static_cast<double>(random_() % 1000) / 10.0;
    const bool keeps = is_baseline || number % 100 == 0;
    const TaskId task = state_.next_task;
    const ExperimentNumber older(number / 200 * 100);  // was kept, if there is one
    const bool has_older = state_.labs.at(kLab).frontier.contains(older);
    const auto parent = has_older ? older : ExperimentNumber(1);
    add(swarm::TaskCreated{.task = task,
                           .lab = kLab,
                           .kind = is_baseline ? TaskKind::baseline : TaskKind::explore,
                           .experiment = ExperimentNumber(number),
                           .segment = SegmentNumber(1),
                           .parent = is_baseline ? std::nullopt : std::optional(parent),
                           .parent_commit = object(1),
                           .picked_because = "best of the frontier, with 3 others running"});
    add(swarm::LeaseGranted{
        .task = task, .worker = kWorker, .token = token, .reserved = MicroUsd(0), .at = now_});
    finish(task, number, score, keeps);
  }

  void commit() {
    now_ += Milliseconds(1);
    if (const auto done = store_.commit(changes_, state_, now_); !done) give_up(done.error());
    changes_.clear();
  }

 private:
  static constexpr LabId kLab{1};
  const WorkerName kWorker{"worker-1"};

  void add(swarm::Change change) {
    swarm::evolve(state_, change);
    changes_.push_back(std::move(change));
  }

  void open_lab() {
    LabSettings settings;
    settings.name = "bench";
    swarm::Segment segment;
    segment.lab_commit = object(1);
    segment.evaluator_hash = object(2);
    add(swarm::LabOpened{.lab = kLab, .settings = settings, .segment = segment, .who = "bench"});
    add(swarm::WorkerJoined{
        .worker = {.name = kWorker, .host_class = "epyc", .slots = 64, .joined_at = now_}});
  }

  void finish(TaskId task, std::uint64_t number, double score, bool keeps) {
    const swarm::Task open = state_.tasks.at(task);
    Experiment one;
    one.lab = kLab;
    one.number = open.experiment;
    one.task = task;
    one.kind = open.kind;
    one.segment = open.segment;
    one.parent = open.parent;
    one.parent_commit = open.parent_commit;
    one.picked_because = open.picked_because;
    one.verdict = keeps ? Verdict::keep : Verdict::discard;
    one.reason = "no better than its parent";
    one.commit = object(2 * number + 1000);
    one.tree = object(2 * number + 1001);
    Measurement measured;
    measured.identity.evaluator = object(2);
    measured.identity.tree = *one.tree;
    measured.identity.scale = "small";
    measured.identity.host_class = "epyc";
    measured.score = score;
    measured.metrics.push_back({.name = "seconds", .value = 1.5});
    measured.took = Milliseconds(1500);
    measured.worker = kWorker;
    one.measurements.push_back(std::move(measured));
    one.notes.hypothesis =
        fmt::format("unroll the loop {} times, as the cache line is wide", number);
    one.notes.notes = "tried it on the visible data; the gain was small but steady";
    one.worker = kWorker;
    one.host_class = "epyc";
    one.token = open.lease->token;
    one.charged = {open.lease->token};
    one.cost.usd = MicroUsd(1000);
    one.started_at = now_;
    one.ended_at = now_;
    const auto cost = one.cost;
    add(swarm::ExperimentFinished{
        .experiment = std::move(one), .cost = cost, .becomes_best = keeps && number % 1000 == 0});
  }

  Store& store_;
  swarm::State state_;
  std::vector<swarm::Change> changes_;
  Timestamp now_{Milliseconds(1'700'000'000'000)};
  std::mt19937_64 random_{1};
};

StoreOptions options() {
  StoreOptions options;
  options.ballast_bytes = 0;
  return options;
}

void print_syncs(const std::filesystem::path& folder) {
  const auto name = folder / "sync";
  const UniqueFd file(::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const std::array<char, 512> block{};
  const auto start = Clock::now();
  int syncs = 0;
  for (; seconds_since(start) < 1.0; ++syncs) {
    if (::write(file.get(), block.data(), block.size()) < 0 || ::fdatasync(file.get()) != 0) return;
  }
  std::array<double, 1> load{};
  ::getloadavg(load.data(), 1);
  fmt::print("disk: {} fdatasync/s of 512 bytes; load {:.1f}\n", syncs, load[0]);
}

void bench_commits(const std::filesystem::path& folder) {
  fmt::print("{:>8} {:>12} {:>16} {:>9} {:>9}\n", "burst", "commits/s", "experiments/s", "p50 us",
             "p99 us");
  for (const std::size_t burst : {1U, 4U, 16U, 64U, 256U, 1024U}) {
    Store store = must(Store::open(folder / fmt::format("burst-{}", burst), options()));
    History history(store);
    std::vector<double> took;
    const auto start = Clock::now();
    while (seconds_since(start) < 2.0) {
      for (std::size_t place = 0; place < burst; ++place) history.run();
      const auto before = Clock::now();
      history.commit();
      took.push_back(seconds_since(before) * 1e6);
    }
    const double all = seconds_since(start);
    std::ranges::sort(took);
    const double commits = static_cast<double>(took.size()) / all;
    fmt::print("{:>8} {:>12.0f} {:>16.0f} {:>9.0f} {:>9.0f}\n", burst, commits,
               commits * static_cast<double>(burst), took[took.size() / 2],
               took[took.size() * 99 / 100]);
  }
}

void fill(const std::filesystem::path& path, std::uint64_t experiments) {
  const auto start = Clock::now();
  Store store = must(Store::open(path, options()));
  History history(store);
  for (std::uint64_t done = 0; done < experiments;) {
    for (int place = 0; place < 200 && done < experiments; ++place, ++done) history.run();
    history.commit();
  }
  fmt::print("filled {} experiments in {:.1f} s (bursts of 200), {:.0f} MB resident at most\n",
             experiments, seconds_since(start), memory_mb("VmHWM:"));
}

void time_query(const char* what, const std::function<std::size_t()>& query) {
  const auto first = Clock::now();
  std::size_t rows = query();
  const double cold = seconds_since(first) * 1e3;
  std::vector<double> took;
  for (int turn = 0; turn < 200; ++turn) {
    const auto start = Clock::now();
    rows = query();
    took.push_back(seconds_since(start) * 1e3);
  }
  std::ranges::sort(took);
  fmt::print("  {:<34} {:>6} rows  first {:>7.3f} ms  p50 {:>7.3f} ms  p99 {:>7.3f} ms\n", what,
             rows, cold, took[took.size() / 2], took[took.size() * 99 / 100]);
}

void query(const std::filesystem::path& path, std::uint64_t experiments) {
  const auto start = Clock::now();
  const Store store = must(Store::open(path, options()));
  const double opened = seconds_since(start);
  const swarm::State state = must(store.load());
  fmt::print("open {:.3f} s, open and load {:.3f} s; {:.0f} MB resident\n", opened,
             seconds_since(start), memory_mb("VmRSS:"));
  std::mt19937_64 random(7);
  const LabId lab{1};
  const SegmentNumber segment{1};
  const auto any = [&] { return ExperimentNumber(1 + random() % experiments); };
  time_query("frontier: the best 100 by score", [&] {
    return must(store.experiments_by_score(lab, segment, 100, Direction::minimize)).size();
  });
  time_query("the same, to be maximized", [&] {
    return must(store.experiments_by_score(lab, segment, 100, Direction::maximize)).size();
  });
  time_query("the newest 100", [&] { return must(store.newest(lab, 100)).size(); });
  time_query("100 from any number",
             [&] { return must(store.experiments(lab, any(), 100)).size(); });
  time_query("one experiment",
             [&] { return std::size_t{must(store.experiment(lab, any())).has_value()}; });
  time_query("children of the baseline, 100", [&] {
    return must(store.children(lab, ExperimentNumber(1), ExperimentNumber(0), 100)).size();
  });
  time_query("100 events from any", [&] {
    return must(store.events(Sequence(random() % store.last_sequence().value()), 100)).size();
  });
  fmt::print("{:.0f} MB resident after the queries, {:.0f} MB at most\n", memory_mb("VmRSS:"),
             memory_mb("VmHWM:"));
}

// In a process of its own, so that memory is that of this part.
void apart(const std::function<void()>& part) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    part();
    std::fflush(nullptr);
    std::_Exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0) std::exit(1);
}

std::uint64_t bytes_in(const std::filesystem::path& path) {
  std::uint64_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(path)) bytes += file.file_size();
  return bytes;
}

void bench(std::uint64_t experiments, const std::string& parent) {
  const TempFolder folder = must(TempFolder::create(parent, "swarmlab-store-bench"));
  print_syncs(folder.path());
  apart([&] { bench_commits(folder.path()); });
  const auto path = std::filesystem::path(folder.path()) / "history";
  apart([&] { fill(path, experiments); });
  fmt::print("{:.0f} MB on disk\n", static_cast<double>(bytes_in(path)) / (1U << 20U));
  apart([&] { query(path, experiments); });
}

}  // namespace
}  // namespace swarmlab::store

int main(int count, char** arguments) {
  const std::uint64_t experiments = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 200'000;
  const char* temporary = std::getenv("TMPDIR");
  const std::string parent = count > 2 ? arguments[2] : temporary != nullptr ? temporary : "/tmp";
  swarmlab::store::bench(experiments, parent);
}
