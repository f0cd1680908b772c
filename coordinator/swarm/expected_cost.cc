#include "coordinator/swarm/expected_cost.h"

#include <cmath>

namespace swarmlab::swarm {

MicroUsd expected_cost(const Lab& lab) {
  constexpr std::int64_t kAtOnce = 4;
  constexpr double kMicro = 1e6;
  const judge::Prospects& prospects = lab.prospects;
  if (prospects.costs > 0.0) {
    return MicroUsd(std::llround(prospects.cost_usd / prospects.costs * kMicro));
  }
  const Budget& budget = lab.budget;
  if (budget.charged > 0 && budget.spent.value() > 0) {
    return MicroUsd(budget.spent.value() / static_cast<std::int64_t>(budget.charged));
  }
  return MicroUsd(lab.settings.stop.max_cost.value() / kAtOnce);
}

}  // namespace swarmlab::swarm
