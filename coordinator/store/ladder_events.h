// Facts of the ladder <-> the events that say them. For .cc files of this room only.
#pragma once

#include "common/result.h"
#include "coordinator/swarm/change.h"
#include "schemas/state.capnp.h"

namespace swarmlab::store {

void write(schema::Event::PromotionProposed::Builder to, const swarm::PromotionProposed& fact);
void write(schema::Event::Promoted::Builder to, const swarm::Promoted& fact);
void write(schema::Event::PromotionRejected::Builder to, const swarm::PromotionRejected& fact);
void write(schema::Event::CheckBegan::Builder to, const swarm::CheckBegan& fact);
void write(schema::Event::CheckEnded::Builder to, const swarm::CheckEnded& fact);

[[nodiscard]] Result<swarm::Change> read(schema::Event::PromotionProposed::Reader from);
[[nodiscard]] Result<swarm::Change> read(schema::Event::Promoted::Reader from);
[[nodiscard]] Result<swarm::Change> read(schema::Event::PromotionRejected::Reader from);
[[nodiscard]] Result<swarm::Change> read(schema::Event::CheckBegan::Reader from);
[[nodiscard]] Result<swarm::Change> read(schema::Event::CheckEnded::Reader from);

}  // namespace swarmlab::store
