// The view of what each pool of workers could be used for. For .cc files only: it includes the
// generated header.
#pragma once

#include "coordinator/swarm/rules.h"
#include "coordinator/swarm/state.h"
#include "schemas/view.capnp.h"

namespace swarmlab::server {

void write_view(schema::PoolList::Builder to, const swarm::State& state, const swarm::Rules& rules,
                Timestamp now);

}  // namespace swarmlab::server
