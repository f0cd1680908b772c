// Events that come from people, and from providers of agents <-> Cap'n Proto. For .cc files only:
// it includes the generated headers.
#pragma once

#include "common/result.h"
#include "coordinator/swarm/change.h"
#include "schemas/state.capnp.h"

namespace swarmlab::store {

void write(schema::Event::HintGiven::Builder to, const swarm::HintGiven& fact);
void write(schema::Event::HintWithdrawn::Builder to, const swarm::HintWithdrawn& fact);
void write(schema::Event::ExperimentRejected::Builder to, const swarm::ExperimentRejected& fact);

void write(schema::Backoff::Builder to, const swarm::Backoff& backoff);
void write(schema::Event::ProviderFailed::Builder to, const swarm::ProviderFailed& fact);
void write(schema::Event::ProviderAnswered::Builder to, const swarm::ProviderAnswered& fact);

[[nodiscard]] Result<swarm::Change> read(schema::Event::HintGiven::Reader from);
[[nodiscard]] Result<swarm::Change> read(schema::Event::HintWithdrawn::Reader from);
[[nodiscard]] Result<swarm::Change> read(schema::Event::ExperimentRejected::Reader from);
[[nodiscard]] Result<swarm::Backoff> read(schema::Backoff::Reader from);
[[nodiscard]] Result<swarm::Change> read(schema::Event::ProviderFailed::Reader from);
[[nodiscard]] swarm::Change read(schema::Event::ProviderAnswered::Reader from);

}  // namespace swarmlab::store
