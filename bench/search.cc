// How soon a search finds what there is to find: policies, judges and numbers of workers compared
// on made-up landscapes, decided by the real core. Prints Markdown.
//   search [SEEDS]
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "bench/search/tables.h"

int main(int argc, char** argv) {
  using namespace swarmlab::search;
  const std::uint64_t given = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 30;
  const std::uint64_t seeds = std::max<std::uint64_t>(2, given);
  fmt::print("**Policies**\n\n{}\n", policies_table(seeds));
  fmt::print("**Judges**\n\n{}\n", judges_table(seeds));
  fmt::print("**Workers**\n\n{}", workers_table(seeds));
  return 0;
}
