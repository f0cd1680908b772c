// Labs of random swarms: what a person may say when opening one, again and again.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "common/model/names.h"
#include "common/model/scale.h"
#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {

// A number below the given one.
using Draw = std::function<std::uint64_t(std::uint64_t)>;

inline LabSettings any_settings(const std::string& name, const Draw& below) {
  const auto one_in = [&below](std::uint64_t count) { return below(count) == 0; };
  LabSettings settings = settings_named(name);
  // The direction is part of what scores mean: it stays with the lab.
  settings.metric.direction = settings.name == "north" ? Direction::minimize : Direction::maximize;
  const bool several = settings.name == "east" || settings.name == "west";
  if (several) settings.more_metrics.emplace_back().name = "size";
  settings.policy = kPolicies[below(kPolicies.size())];
  settings.search.islands = static_cast<std::uint32_t>(1 + below(3));
  settings.search.migration_every = below(4);
  settings.search.reset_every = below(6);
  settings.search.max_parent_age = one_in(2) ? below(10) : 0;
  settings.search.seed = below(3);
  settings.search.simplicity.counts = one_in(2);
  settings.search.simplicity.after = below(4);
  // So is whether one run decides: the best of estimates is not the best number.
  const bool once = settings.name == "north" || settings.name == "east";
  settings.metric.confidence = once ? 0.0 : 0.8;
  settings.metric.max_repeats = static_cast<std::uint32_t>(1 + below(4));
  settings.stop.max_iterations = one_in(3) ? 0 : 2 + below(12);
  settings.stop.max_cost = MicroUsd(one_in(3) ? static_cast<std::int64_t>(below(400)) : 0);
  settings.stop.plateau_threshold = one_in(3) ? 1 + below(8) : 0;
  settings.stop.max_time = one_in(4) ? Milliseconds(below(400'000)) : Milliseconds(0);
  settings.stop.max_restarts = static_cast<std::uint32_t>(below(3));
  if (one_in(3)) settings.needs.amount.gpus = static_cast<std::uint32_t>(below(3));
  if (one_in(4)) settings.needs.amount.cpu_millis = static_cast<std::uint32_t>(below(2'000));
  if (one_in(4)) settings.needs.amount.memory_bytes = below(2'000'000'000);
  if (one_in(4)) settings.needs.labels = {"fast"};
  if (one_in(3)) settings.max_parallel = static_cast<std::uint32_t>(1 + below(2));
  settings.weight = static_cast<std::uint32_t>(1 + below(3));
  if (one_in(5)) {
    settings.stop.expected_gain = {.chance = 0.1 * static_cast<double>(below(5)),
                                   .experiments = 1 + below(6),
                                   .per_dollar = one_in(2) ? 100.0 : 0.0};
  }
  if (one_in(6)) settings.stop.target_score = settings.name == "north" ? 1.0 : 10.0;
  return settings;
}

// The scales stay, or scores would begin anew; how candidates climb changes.
inline void add_ladder(LabSettings& settings, const Draw& below) {
  const auto one_in = [&below](std::uint64_t count) { return below(count) == 0; };
  for (const char* name : {"small", "large", "huge"}) {
    Scale scale{.name = name};
    scale.promotion = {.fraction = one_in(3) ? 0.0 : 0.5,
                       .margin = {.amount = 0.0, .relative = false},
                       .floor = below(2),
                       .approve = one_in(4)};
    scale.max_experiments = one_in(3) ? below(4) : 0;
    if (one_in(3)) scale.needs = Needs{.amount = {.gpus = 1}, .labels = {}};
    settings.scales.push_back(std::move(scale));
  }
  settings = at_scale(std::move(settings), 0);
}

}  // namespace swarmlab::swarm
