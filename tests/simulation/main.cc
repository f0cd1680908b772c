// simulation: whole swarms in simulated time, one seed each. What goes wrong is decided by the
// seed, and so is everything else: a seed that fails, fails again, at the same step.
#include <fmt/format.h>
#include <malloc.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "common/log/log.h"
#include "common/os/file.h"
#include "tests/simulation/swarm.h"

namespace swarmlab::simulation {
namespace {

constexpr const char* kUsage =
    "simulation [--seed N | --from N --count N | --file FILE] [--steps N]\n"
    "           [--trace] [--twice] [--find] [--folder DIR]\n"
    "  --file    lines of: seed, steps, and what it was\n"
    "  --trace   tell all that happens\n"
    "  --twice   run each seed again: both runs must be the same\n"
    "  --find    there is a bug: fail unless one of the seeds finds it\n"
    "  --folder  of the stores: on a disk in memory (/dev/shm)\n";

struct Seed {
  std::uint64_t number = 1;
  std::uint64_t steps = 2000;
};

struct Options {
  std::uint64_t from = 1;
  std::uint64_t count = 1;
  std::uint64_t steps = 2000;
  std::string file;
  bool trace = false;
  bool twice = false;
  bool find = false;
  std::string folder = "/dev/shm";
};

template <class... Args>
void say(fmt::format_string<Args...> text, Args&&... args) {
  const std::string line = fmt::format(text, std::forward<Args>(args)...);
  std::puts(line.c_str());
  std::fflush(stdout);
}

// Nothing: the flags make no sense.
std::optional<Options> read_flags(const std::vector<std::string_view>& flags) {
  Options options;
  for (std::size_t i = 0; i < flags.size(); ++i) {
    const bool has_value = i + 1 < flags.size();
    const std::string value(has_value ? flags[i + 1] : "");
    const std::uint64_t number = std::strtoull(value.c_str(), nullptr, 10);
    if (flags[i] == "--trace") {
      options.trace = true;
    } else if (flags[i] == "--twice") {
      options.twice = true;
    } else if (flags[i] == "--find") {
      options.find = true;
    } else if (!has_value) {
      return std::nullopt;
    } else {
      if (flags[i] == "--seed" || flags[i] == "--from") {
        options.from = number;
      } else if (flags[i] == "--count") {
        options.count = number;
      } else if (flags[i] == "--steps") {
        options.steps = number;
      } else if (flags[i] == "--file") {
        options.file = value;
      } else if (flags[i] == "--folder") {
        options.folder = value;
      } else {
        return std::nullopt;
      }
      ++i;
    }
  }
  return options;
}

std::vector<Seed> seeds_of(const Options& options) {
  std::vector<Seed> seeds;
  if (options.file.empty()) {
    for (std::uint64_t i = 0; i < options.count; ++i) {
      seeds.push_back({.number = options.from + i, .steps = options.steps});
    }
    return seeds;
  }
  std::ifstream file(options.file);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    Seed seed;
    if (words >> seed.number >> seed.steps) seeds.push_back(seed);
  }
  return seeds;
}

// A broken assertion of the product ends the process: which seed it was must be told then.
// abort() comes on our own thread, so that what runs can be read.
struct Running {
  Seed seed;
  bool find = false;
  std::filesystem::path folder;
};
std::optional<Running> running;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

void tell_assertion(int /*signal*/) {
  if (!running) return;
  std::error_code ignored;
  std::filesystem::remove_all(running->folder, ignored);
  say("seed {0} FAILED at an assertion of the product\n"
      "  replay: simulation --seed {0} --steps {1} --trace",
      running->seed.number, running->seed.steps);
  if (!running->find) return;
  say("found by seed {}", running->seed.number);
  std::_Exit(0);
}

Outcome run(const Options& options, Seed seed) {
  Plan plan = plan_of(seed.number);
  plan.steps = seed.steps;
  const auto folder = TempFolder::create(options.folder, "swarmlab-simulation");
  if (!folder) {
    say("{}", folder.error().message);
    std::exit(2);
  }
  running = {.seed = seed, .find = options.find, .folder = folder->path()};
  if (options.trace) say("{}", text_of(plan));
  // Its name is random, and would be in messages: so it is where we are.
  std::filesystem::current_path(folder->path());
  Outcome outcome = Swarm(plan, ".", options.trace).run();
  std::filesystem::current_path("/");
  running.reset();
  return outcome;
}

class Runs {
 public:
  explicit Runs(const Options& options) : options_(options) {}

  /// \return  whether all is well with it
  bool take(Seed seed) {
    const Outcome outcome = run(options_, seed);
    ++seeds_;
    sum_.steps += outcome.steps;
    sum_.experiments += outcome.experiments;
    sum_.crashes += outcome.crashes;
    sum_.reports += outcome.reports;
    sum_.faults += outcome.faults;
    if (outcome.violation) return report(seed, outcome);
    if (options_.twice && run(options_, seed).hash != outcome.hash) {
      say("seed {} FAILED: two runs of it differ", seed.number);
      return false;
    }
    return true;
  }

  void tell(std::uint64_t failed) const {
    const double took = std::chrono::duration<double>(Time::now() - begin_).count();
    const Faults& faults = sum_.faults;
    say("{} seeds, {} failed, {} steps, {} experiments, {} reports, {} crashes of the coordinator, "
        "{} of workers, {} cuts, {} zombies, {} jumps of the clock, {} full disks, "
        "{} failed syncs, {} drains, {:.1f} s, {:.1f} seeds/s",
        seeds_, failed, sum_.steps, sum_.experiments, sum_.reports, sum_.crashes,
        faults.worker_crashes, faults.cuts, faults.zombies, faults.wall_jumps, faults.full_disks,
        faults.failed_syncs, faults.drains, took, static_cast<double>(seeds_) / took);
  }

 private:
  using Time = std::chrono::steady_clock;

  static bool report(Seed seed, const Outcome& outcome) {
    say("seed {} FAILED at step {}: {}\n  {}\n  replay: simulation --seed {} --steps {} --trace",
        seed.number, outcome.steps, *outcome.violation, text_of(plan_of(seed.number)), seed.number,
        seed.steps);
    return false;
  }

  const Options& options_;
  const Time::time_point begin_ = Time::now();
  std::uint64_t seeds_ = 0;
  Outcome sum_;
};

int run_all(const Options& options) {
  Runs runs(options);
  std::uint64_t failed = 0;
  for (const Seed seed : seeds_of(options)) {
    if (runs.take(seed)) continue;
    ++failed;
    if (!options.find) continue;
    say("found by seed {}", seed.number);
    return 0;
  }
  runs.tell(failed);
  if (options.find) say("the bug was not found");
  return failed == 0 && !options.find ? 0 : 1;
}

}  // namespace
}  // namespace swarmlab::simulation

int main(int argc, char** argv) {
  using namespace swarmlab;
  // Stores come and go: to give their memory back each time costs more than they do.
  ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
  const auto options = simulation::read_flags({argv + 1, argv + argc});
  if (!options) {
    std::fputs(simulation::kUsage, stderr);
    return 2;
  }
  std::signal(SIGABRT, simulation::tell_assertion);
  if (const auto quiet = log::init({.level = log::Level::off}); !quiet) return 2;
  return simulation::run_all(*options);
}
