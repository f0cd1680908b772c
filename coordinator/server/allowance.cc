#include "coordinator/server/allowance.h"

#include <algorithm>

namespace swarmlab::server {

MicroUsd left_for(const swarm::Lab& lab, const swarm::Lease& lease) {
  const MicroUsd most = lab.settings.stop.max_cost;
  if (most == MicroUsd(0)) return most;
  const std::int64_t others = lab.budget.reserved.value() - lease.reserved.value();
  return MicroUsd(std::max<std::int64_t>(1, most.value() - lab.budget.spent.value() - others));
}

}  // namespace swarmlab::server
