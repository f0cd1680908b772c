#include "bench/search/expectations.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "bench/search/tables.h"

namespace swarmlab::search {
namespace {

constexpr std::array kNoises{0.0, 0.5};
constexpr std::array kTerrains{Terrain::additive, Terrain::plateau, Terrain::deceptive};

// Labs that go on until all is found, and long after: most of their forecasts are of little.
std::vector<std::vector<Found>> long_labs(std::uint64_t seeds, double noise) {
  constexpr double kNever = 2.0;
  std::vector<Setup> setups;
  for (const Terrain terrain : kTerrains) {
    Setup setup;
    setup.terrain = terrain;
    setup.noise = noise;
    setup.target = kNever;
    setup.budget = 3000;
    setups.push_back(setup);
  }
  return simulate_all(setups, seeds);
}

struct Bin {
  double most = 1.0;  // chance
  std::uint64_t forecasts = 0;
  double told = 0.0;  // summed
  std::uint64_t came = 0;
};

std::vector<Bin> bins() {
  std::vector<Bin> all;
  for (const double most : {0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0})
    all.push_back({.most = most});
  return all;
}

// Forecasts whose time was not over when the lab ended say nothing.
void add(std::vector<Bin>& to, const std::vector<Forecast>& forecasts) {
  for (std::size_t i = 0; i + kHorizon < forecasts.size(); ++i) {
    const double chance = forecasts[i].chance;
    const auto bin = std::ranges::find_if(to, [&](const Bin& one) { return chance <= one.most; });
    const auto next = forecasts.begin() + static_cast<std::ptrdiff_t>(i) + 1;
    bin->forecasts += 1;
    bin->told += chance;
    bin->came += std::any_of(next, next + static_cast<std::ptrdiff_t>(kHorizon),
                             [](const Forecast& one) { return one.success; })
                     ? 1
                     : 0;
  }
}

std::string cells(const Bin& bin) {
  if (bin.forecasts == 0) return " 0 | - | - |";
  const auto count = static_cast<double>(bin.forecasts);
  return fmt::format(" {} | {:.1f} % | {:.1f} % |", bin.forecasts, 100.0 * bin.told / count,
                     100.0 * static_cast<double>(bin.came) / count);
}

struct Stopped {
  std::uint64_t after = 0;
  double gain = 0.0;
};

Stopped stopped_at(const std::vector<Forecast>& forecasts, double least) {
  constexpr std::size_t kFewest = 30;
  for (std::size_t i = kFewest - 1; i < forecasts.size(); ++i) {
    if (forecasts[i].chance < least) return {.after = i + 1, .gain = forecasts[i].gain};
  }
  return {.after = forecasts.size(), .gain = forecasts.back().gain};
}

std::string stopping_row(Terrain terrain, double noise, double least,
                         const std::vector<Found>& labs) {
  double after = 0.0;
  double gain = 0.0;
  double later = 0.0;
  for (const Found& lab : labs) {
    const Stopped stopped = stopped_at(lab.forecasts, least);
    after += static_cast<double>(stopped.after);
    gain += stopped.gain;
    later += lab.forecasts.back().gain;
  }
  const auto count = static_cast<double>(labs.size());
  return fmt::format("| {} | {} | `{:.0f}% in {}` | {:.0f} | {:.0f} % | {:.0f} % |\n",
                     name_of(terrain), noise, 100.0 * least, kHorizon, after / count,
                     100.0 * gain / count, 100.0 * later / count);
}

}  // namespace

std::string reliability_table(std::uint64_t seeds) {
  std::string names = "| noise | said |";
  std::string line = "| --- | --- |";
  for (const Terrain terrain : kTerrains) {
    names += fmt::format(" {}: forecasts | said on average | came true |", name_of(terrain));
    line += " --- | --- | --- |";
  }
  std::string table = names + "\n" + line + "\n";
  for (const double noise : kNoises) {
    std::vector<std::vector<Bin>> columns;
    for (const std::vector<Found>& labs : long_labs(seeds, noise)) {
      columns.push_back(bins());
      for (const Found& lab : labs) add(columns.back(), lab.forecasts);
    }
    double from = 0.0;
    for (std::size_t i = 0; i < bins().size(); ++i) {
      table +=
          fmt::format("| {} | {:.0f} to {:.0f} % |", noise, 100.0 * from, 100.0 * bins()[i].most);
      for (const std::vector<Bin>& column : columns) table += cells(column[i]);
      table += "\n";
      from = bins()[i].most;
    }
  }
  return table;
}

std::string stopping_table(std::uint64_t seeds) {
  std::string table =
      "| landscape | noise | `expected_gain` | stops after | found by then | found after 3000 |\n"
      "| --- | --- | --- | --- | --- | --- |\n";
  for (const double noise : kNoises) {
    const auto found = long_labs(seeds, noise);
    for (std::size_t i = 0; i < kTerrains.size(); ++i) {
      for (const double least : {0.2, 0.1, 0.05}) {
        table += stopping_row(kTerrains.at(i), noise, least, found[i]);
      }
    }
  }
  return table;
}

}  // namespace swarmlab::search
