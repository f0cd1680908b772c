// How soon a search finds what there is to find: policies, judges and numbers of workers compared
// on made-up landscapes, decided by the real core. Prints Markdown.
//   search [SEEDS] [TABLE]
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "bench/search/expectations.h"
#include "bench/search/tables.h"

namespace {

struct Table {
  std::string_view name;
  std::string (*make)(std::uint64_t seeds);
};

}  // namespace

int main(int argc, char** argv) {
  using namespace swarmlab::search;
  const std::uint64_t given = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 30;
  const std::uint64_t seeds = std::max<std::uint64_t>(2, given);
  const std::string_view only = argc > 2 ? argv[2] : "";
  constexpr std::array<Table, 6> kTables{{{"Policies", policies_table},
                                          {"Judges", judges_table},
                                          {"Simplicity", simplicity_table},
                                          {"Workers", workers_table},
                                          {"Forecasts", reliability_table},
                                          {"Stopping", stopping_table}}};
  for (const Table& table : kTables) {
    if (!only.empty() && only != table.name) continue;
    fmt::print("**{}**\n\n{}{}", table.name, table.make(seeds),
               table.name == kTables.back().name ? "" : "\n");
  }
  return 0;
}
