// The tables of docs/search.md, in Markdown.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bench/search/simulation.h"

namespace swarmlab::search {

/// Each setup with seeds 0 to `seeds`, on as many threads as there are processors. By setup, then
/// by seed.
[[nodiscard]] std::vector<std::vector<Found>> simulate_all(const std::vector<Setup>& setups,
                                                           std::uint64_t seeds);

/// Mean and standard error: "412 ± 20".
[[nodiscard]] std::string mean_of(const std::vector<Found>& runs,
                                  const std::function<double(const Found&)>& value, int digits = 0);

[[nodiscard]] std::string policies_table(std::uint64_t seeds);
[[nodiscard]] std::string judges_table(std::uint64_t seeds);
/// What taking kept changes out again saves, and what it costs.
[[nodiscard]] std::string simplicity_table(std::uint64_t seeds);
/// One lab with many workers, against as many labs with one worker each.
[[nodiscard]] std::string workers_table(std::uint64_t seeds);

}  // namespace swarmlab::search
