// Events that come from people <-> Cap'n Proto. For .cc files only: it includes the generated
// headers.
#pragma once

#include "common/result.h"
#include "coordinator/swarm/change.h"
#include "schemas/state.capnp.h"

namespace swarmlab::store {

void write(schema::Event::HintGiven::Builder to, const swarm::HintGiven& fact);
void write(schema::Event::HintWithdrawn::Builder to, const swarm::HintWithdrawn& fact);
void write(schema::Event::ExperimentRejected::Builder to, const swarm::ExperimentRejected& fact);

[[nodiscard]] Result<swarm::Change> read(schema::Event::HintGiven::Reader from);
[[nodiscard]] Result<swarm::Change> read(schema::Event::HintWithdrawn::Reader from);
[[nodiscard]] Result<swarm::Change> read(schema::Event::ExperimentRejected::Reader from);

}  // namespace swarmlab::store
