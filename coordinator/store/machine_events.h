// Facts of workers and of the coordinator itself, as events say them. For .cc files of this room
// only.
#pragma once

#include "common/result.h"
#include "coordinator/swarm/change.h"
#include "schemas/state.capnp.h"

namespace swarmlab::store {

[[nodiscard]] Result<swarm::Change> read(schema::Event::WorkerQuarantined::Reader from);
[[nodiscard]] Result<swarm::Change> read(schema::Event::WorkerReleased::Reader from);
[[nodiscard]] Result<swarm::Change> read(schema::Event::WorkerForgotten::Reader from);
[[nodiscard]] Result<swarm::Change> read(schema::Event::AlarmRaised::Reader from);
[[nodiscard]] Result<swarm::Change> read(schema::Event::BackupRestored::Reader from);

}  // namespace swarmlab::store
