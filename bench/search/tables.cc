#include "bench/search/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <thread>
#include <utility>

#include "common/model/names.h"

namespace swarmlab::search {
namespace {

// Independent labs on one landscape have luck of their own.
constexpr std::uint64_t kLuckStep = 1'000'003;

double part(std::uint64_t some, std::uint64_t all) {
  return all == 0 ? 0.0 : 100.0 * static_cast<double>(some) / static_cast<double>(all);
}

// Of all runs together: single runs have few of them.
double part_of_all(const std::vector<Found>& runs, std::uint64_t Found::*some,
                   std::uint64_t Found::*all) {
  std::uint64_t sum = 0;
  std::uint64_t total = 0;
  for (const Found& one : runs) {
    sum += one.*some;
    total += one.*all;
  }
  return part(sum, total);
}

std::string reached(const std::vector<Found>& runs) {
  return fmt::format("{} of {}", std::ranges::count(runs, true, &Found::reached), runs.size());
}

double experiments(const Found& one) {
  return static_cast<double>(one.experiments);
}
double hours(const Found& one) {
  return one.hours;
}
double agent_runs(const Found& one) {
  return static_cast<double>(one.agent_runs);
}
double evaluator_runs(const Found& one) {
  return static_cast<double>(one.evaluator_runs);
}
double early_gain(const Found& one) {
  return 100.0 * one.early_gain;
}

double overstated(const Found& one) {
  return one.overstated;
}

std::string heading(std::initializer_list<const char*> columns) {
  std::string names = "|";
  std::string line = "|";
  for (const char* column : columns) {
    names += fmt::format(" {} |", column);
    line += " --- |";
  }
  return names + "\n" + line + "\n";
}

struct Variant {
  std::string name;
  Setup setup;
};

std::vector<Variant> policies() {
  std::vector<Variant> all;
  for (const PolicyKind kind : {PolicyKind::best_of_n, PolicyKind::greedy, PolicyKind::beam,
                                PolicyKind::ucb, PolicyKind::islands}) {
    Variant one{.name = fmt::format("`{}`", swarmlab::name_of(kind)), .setup = {}};
    one.setup.policy = kind;
    all.push_back(one);
  }
  Variant wide = all.at(2);
  wide.name += ", `width = 16`";
  wide.setup.search.width = 16;
  Variant curious = all.at(3);
  curious.name += ", `exploration = 10`";
  curious.setup.search.exploration = 10.0;
  Variant apart = all.at(4);
  apart.name += ", 8 that never meet";
  apart.setup.search.islands = 8;
  apart.setup.search.migration_every = 0;
  apart.setup.search.reset_every = 0;
  all.insert(all.end(), {wide, curious, apart});
  return all;
}

std::vector<std::vector<Found>> simulate_variants(const std::vector<Variant>& variants,
                                                  std::uint64_t seeds) {
  std::vector<Setup> setups;
  setups.reserve(variants.size());
  for (const Variant& one : variants) setups.push_back(one.setup);
  return simulate_all(setups, seeds);
}

std::uint64_t landscape_of(std::uint64_t seed) {
  return seed;
}
std::uint64_t luck_of(std::uint64_t seed, std::uint64_t lab = 0) {
  return seed + kLuckStep * (lab + 1);
}

// Calls work(i) for all i, on all processors.
void in_parallel(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  const auto loop = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 1; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
    threads.emplace_back(loop);
  }
  loop();
}

// N labs with a worker each, on one landscape, until the first of them is there.
Found first_of(const std::vector<Found>& labs, std::size_t count) {
  const auto end = labs.begin() + static_cast<std::ptrdiff_t>(count);
  const auto rank = [](const Found& one) { return std::pair(!one.reached, one.hours); };
  Found first = *std::ranges::min_element(labs.begin(), end, {}, rank);
  std::uint64_t decided = 0;
  for (auto lab = labs.begin(); lab != end; ++lab) {
    const auto until = std::ranges::upper_bound(lab->decided_at, first.hours);
    decided += static_cast<std::uint64_t>(until - lab->decided_at.begin());
  }
  first.experiments = decided;
  return first;
}

constexpr std::uint64_t kLongBudget = 10'000;
constexpr std::array<std::uint32_t, 4> kWorkers{1, 4, 16, 64};

// By number of workers, then by seed.
std::vector<std::vector<Found>> independent_labs(std::uint64_t seeds) {
  Setup setup;
  setup.workers = 1;
  setup.budget = kLongBudget;
  std::vector<std::vector<Found>> labs(seeds, std::vector<Found>(kWorkers.back()));
  in_parallel(seeds * kWorkers.back(), [&](std::size_t i) {
    const std::uint64_t seed = i / kWorkers.back();
    const std::uint64_t lab = i % kWorkers.back();
    labs[seed][lab] = simulate(setup, landscape_of(seed), luck_of(seed, lab));
  });
  std::vector<std::vector<Found>> all;
  for (const std::uint32_t workers : kWorkers) {
    std::vector<Found>& runs = all.emplace_back();
    for (const std::vector<Found>& of_seed : labs) runs.push_back(first_of(of_seed, workers));
  }
  return all;
}

double mean_hours(const std::vector<Found>& runs) {
  double sum = 0.0;
  for (const Found& one : runs) sum += one.hours;
  return sum / static_cast<double>(runs.size());
}

std::string workers_row(const std::string& name, std::uint32_t workers,
                        const std::vector<Found>& runs, double hours_of_one) {
  const double speed_up = hours_of_one / mean_hours(runs);
  return fmt::format("| {} | {} | {} | {} | {} | {:.1f} | {:.0f} % |\n", name, workers,
                     reached(runs), mean_of(runs, hours, 1), mean_of(runs, experiments), speed_up,
                     100.0 * speed_up / workers);
}

}  // namespace

std::vector<std::vector<Found>> simulate_all(const std::vector<Setup>& setups,
                                             std::uint64_t seeds) {
  std::vector<std::vector<Found>> all(setups.size(), std::vector<Found>(seeds));
  in_parallel(setups.size() * seeds, [&](std::size_t i) {
    const std::uint64_t seed = i % seeds;
    all[i / seeds][seed] = simulate(setups[i / seeds], landscape_of(seed), luck_of(seed));
  });
  return all;
}

std::string mean_of(const std::vector<Found>& runs,
                    const std::function<double(const Found&)>& value, int digits) {
  double sum = 0.0;
  for (const Found& one : runs) sum += value(one);
  const auto count = static_cast<double>(runs.size());
  const double mean = sum / count;
  double squares = 0.0;
  for (const Found& one : runs) squares += (value(one) - mean) * (value(one) - mean);
  const double error = std::sqrt(squares / (count - 1.0) / count);
  return fmt::format("{:.{}f} ± {:.{}f}", mean, digits, error, digits);
}

std::string policies_table(std::uint64_t seeds) {
  std::vector<Variant> rows;
  for (const Terrain terrain : {Terrain::additive, Terrain::deceptive, Terrain::plateau}) {
    for (Variant one : policies()) {
      one.setup.terrain = terrain;
      // What excludes each other takes long to compare.
      if (terrain == Terrain::deceptive) one.setup.budget = 6000;
      rows.push_back(std::move(one));
    }
  }
  const auto found = simulate_variants(rows, seeds);
  std::string table = heading({"landscape", "policy", "gain after 200", "reached 80 %",
                               "experiments", "hours", "agent runs", "evaluator runs"});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::vector<Found>& runs = found[i];
    table += fmt::format("| {} | {} | {} % | {} | {} | {} | {} | {} |\n",
                         name_of(rows[i].setup.terrain), rows[i].name, mean_of(runs, early_gain),
                         reached(runs), mean_of(runs, experiments), mean_of(runs, hours),
                         mean_of(runs, agent_runs), mean_of(runs, evaluator_runs));
  }
  return table;
}

std::string judges_table(std::uint64_t seeds) {
  std::vector<Variant> rows;
  for (const double noise : {0.0, 0.25, 0.5, 1.0, 2.0}) {
    for (const double confidence : {0.95, 0.0}) {
      Variant one{.name = confidence > 0.0 ? "the judge" : "better once", .setup = {}};
      one.setup.noise = noise;
      one.setup.budget = 6000;
      one.setup.confidence = confidence;
      rows.push_back(one);
    }
  }
  const auto found = simulate_variants(rows, seeds);
  std::string table = heading({"noise", "decides", "gain after 200", "reached 80 %", "experiments",
                               "hours", "agent runs", "evaluator runs", "false keeps",
                               "of all keeps", "missed", "of large ones", "overstated"});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::vector<Found>& runs = found[i];
    table += fmt::format(
        "| {:.2f} | {} | {} % | {} | {} | {} | {} | {} | {:.2f} % | {:.1f} % | {:.0f} % | {:.0f} % "
        "| {} |\n",
        rows[i].setup.noise, rows[i].name, mean_of(runs, early_gain), reached(runs),
        mean_of(runs, experiments), mean_of(runs, hours), mean_of(runs, agent_runs),
        mean_of(runs, evaluator_runs), part_of_all(runs, &Found::false_keeps, &Found::no_better),
        part_of_all(runs, &Found::false_keeps, &Found::keeps),
        part_of_all(runs, &Found::missed, &Found::better),
        part_of_all(runs, &Found::missed_large, &Found::large), mean_of(runs, overstated, 2));
  }
  return table;
}

std::string simplicity_table(std::uint64_t seeds) {
  constexpr std::uint64_t kExperiments = 1000;
  std::vector<Variant> rows;
  for (const double noise : {0.0, 0.5, 1.0}) {
    for (const double confidence : {0.95, 0.0}) {
      if (noise == 0.0 && confidence == 0.0) continue;
      for (const bool counts : {false, true}) {
        Variant one{.name = confidence > 0.0 ? "the judge" : "better once", .setup = {}};
        one.setup.noise = noise;
        one.setup.confidence = confidence;
        one.setup.budget = kExperiments;
        one.setup.target = 2.0;  // never: it goes on to the end
        one.setup.search.simplicity.counts = counts;
        rows.push_back(one);
      }
    }
  }
  const auto found = simulate_variants(rows, seeds);
  std::string table = heading({"noise", "decides", "simplicity", "gain after 1000", "lines added",
                               "given up", "simplify tasks", "kept for being smaller",
                               "of what lost the margin, conceded", "hours"});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::vector<Found>& runs = found[i];
    const bool counts = rows[i].setup.search.simplicity.counts;
    table += fmt::format(
        "| {:.2f} | {} | {} | {} % | {} | {} | {} | {} | {} | {} |\n", rows[i].setup.noise,
        rows[i].name, counts ? "yes" : "no",
        mean_of(
            runs, [](const Found& one) { return 100.0 * one.gain; }, 1),
        mean_of(runs, [](const Found& one) { return static_cast<double>(one.lines) - 100.0; }),
        mean_of(
            runs, [](const Found& one) { return one.given_up; }, 2),
        mean_of(runs, [](const Found& one) { return static_cast<double>(one.simplifications); }),
        mean_of(
            runs, [](const Found& one) { return static_cast<double>(one.conceded); }, 1),
        counts
            ? fmt::format("{:.2f} %", part_of_all(runs, &Found::wrongly_conceded, &Found::too_bad))
            : std::string("-"),
        mean_of(runs, hours));
  }
  return table;
}

std::string workers_table(std::uint64_t seeds) {
  std::vector<Variant> rows;
  std::vector<Variant> apart;  // labs that merge nothing
  for (const PolicyKind kind :
       {PolicyKind::greedy, PolicyKind::beam, PolicyKind::ucb, PolicyKind::islands}) {
    for (const std::uint32_t workers : kWorkers) {
      Variant one{.name = fmt::format("one lab, `{}`", swarmlab::name_of(kind)), .setup = {}};
      one.setup.policy = kind;
      one.setup.workers = workers;
      one.setup.budget = kLongBudget;
      rows.push_back(one);
      if (kind != PolicyKind::greedy) continue;
      one.name += ", without merges";
      one.setup.search.merge = false;
      apart.push_back(one);
    }
  }
  rows.insert(rows.begin() + kWorkers.size(), apart.begin(), apart.end());
  const auto found = simulate_variants(rows, seeds);
  std::string table = heading({"what runs", "workers", "reached 80 %", "hours", "experiments",
                               "times as fast", "efficiency"});
  const auto independent = independent_labs(seeds);
  const double hours_of_one = mean_hours(found.front());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    table += workers_row(rows[i].name, rows[i].setup.workers, found[i], hours_of_one);
  }
  for (std::size_t i = 0; i < independent.size(); ++i) {
    table += workers_row("labs of one worker each, the first of them", kWorkers.at(i),
                         independent[i], hours_of_one);
  }
  return table;
}

}  // namespace swarmlab::search
