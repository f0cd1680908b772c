// What a ladder spends at an expensive large scale, and what it finds, against evaluating
// everything there. Prints Markdown.
//   ladder [SEEDS]
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "bench/search/climbing.h"

namespace {

using namespace swarmlab::search;
using Runs = std::vector<Climbed>;

Runs runs_of(const ClimbingSetup& setup, std::uint64_t seeds) {
  Runs runs;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    runs.push_back(simulate_climbing(setup, seed, seed + 1000));
  }
  return runs;
}

// "41 ± 2"
std::string mean_of(const Runs& runs, const std::function<double(const Climbed&)>& value,
                    int digits = 0) {
  double sum = 0.0;
  double squares = 0.0;
  for (const Climbed& run : runs) {
    sum += value(run);
    squares += value(run) * value(run);
  }
  const auto n = static_cast<double>(runs.size());
  const double mean = sum / n;
  const double error = std::sqrt(std::max(0.0, squares / n - mean * mean) / (n - 1.0));
  return fmt::format("{:.{}f} ± {:.{}f}", mean, digits, error, digits);
}

double mean(const Runs& runs, double Climbed::*value) {
  double sum = 0.0;
  for (const Climbed& run : runs) sum += run.*value;
  return sum / static_cast<double>(runs.size());
}

void print_row(const ClimbingSetup& setup, const char* name, const Runs& runs) {
  const auto part = [](const Climbed& run) { return 100.0 * run.champion / run.reachable; };
  const bool has = setup.has_ladder;
  fmt::print("| {} | {} | {} % | {} | {} | {} | {} | {} | {} |\n", setup.correlation, name,
             mean_of(runs, part), mean_of(runs, [](const auto& r) { return r.experiments; }),
             mean_of(runs, [](const auto& r) { return r.large_runs; }),
             mean_of(runs, [](const auto& r) { return r.large_hours; }),
             mean_of(runs, [](const auto& r) { return r.hours; }),
             has ? mean_of(
                       runs, [](const auto& r) { return r.told; }, 2)
                 : "-",
             has ? fmt::format("{:.0f} %", 100.0 * mean(runs, &Climbed::warned)) : "-");
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t given = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 20;
  const std::uint64_t seeds = std::max<std::uint64_t>(2, given);
  fmt::print(
      "| correlation | what runs | champion, of what is reachable | experiments | large runs | "
      "hours of large runs | hours in all | correlation told | warned |\n"
      "|---|---|---|---|---|---|---|---|---|\n");
  for (const double correlation : {0.9, 0.5, 0.0}) {
    ClimbingSetup setup{.correlation = correlation};
    const Runs ladder = runs_of(setup, seeds);
    print_row(setup, "ladder, top 25 %", ladder);
    setup.fraction = 0.1;
    print_row(setup, "ladder, top 10 %", runs_of(setup, seeds));
    setup.has_ladder = false;
    setup.large_hours = mean(ladder, &Climbed::large_hours);
    print_row(setup, "all at the large scale, as many hours of it", runs_of(setup, seeds));
    setup.large_hours = 0.0;
    print_row(setup, "all at the large scale, as many experiments", runs_of(setup, seeds));
  }
  return 0;
}
