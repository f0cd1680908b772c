// Parts of the swarm's state <-> Cap'n Proto, where a record or an event holds them. For .cc files
// only: it includes the generated headers. As in common/wire: read() gives `corrupt` for what
// breaks the rules, and throws kj::Exception for bad bytes behind the reader (wire::decode catches
// it).
#pragma once

#include <optional>
#include <string_view>

#include "common/result.h"
#include "coordinator/store/codec.h"
#include "coordinator/swarm/change.h"
#include "coordinator/swarm/state.h"
#include "schemas/state.capnp.h"

namespace swarmlab::store {

[[nodiscard]] std::int64_t to_ms(Timestamp at);
[[nodiscard]] Timestamp from_ms(std::int64_t ms);

/// A number of a thing that begins at 1: 0 is `corrupt`.
[[nodiscard]] Result<std::uint64_t> from_one(std::string_view what, std::uint64_t number);

void write(schema::MaybeId::Builder to, const std::optional<ExperimentNumber>& number);
void write(schema::MaybeTime::Builder to, const std::optional<Timestamp>& at);
void write(schema::Segment::Builder to, const swarm::Segment& segment);
void write(schema::Origin::Builder to, const swarm::LabOrigin& origin);
void write(schema::Worker::Builder to, const swarm::Worker& worker);
void write(schema::FrontierEntry::Builder to, const swarm::FrontierEntry& entry);
void write(schema::Pending::Builder to, const swarm::Pending& pending);
void write(schema::Candidate::Builder to, const swarm::Candidate& candidate);
void write(schema::HintRecord::Builder to, HintNumber number, const swarm::Hint& hint);
void write(schema::Lab::Learned::Builder to, const judge::Learned& learned);
void write(schema::Climb::Builder to, std::uint32_t scale, const ladder::Climb& climb);
void write(schema::Rung::Builder to, const ladder::Rung& rung);

[[nodiscard]] std::optional<ExperimentNumber> read(schema::MaybeId::Reader from);
[[nodiscard]] std::optional<Timestamp> read(schema::MaybeTime::Reader from);
[[nodiscard]] Result<swarm::Segment> read(schema::Segment::Reader from);
[[nodiscard]] Result<swarm::LabOrigin> read(schema::Origin::Reader from);
[[nodiscard]] Result<swarm::Worker> read(schema::Worker::Reader from);
[[nodiscard]] Result<swarm::FrontierEntry> read(schema::FrontierEntry::Reader from);
void write(schema::FrontierEntry::Builder to, const KeptRecord& kept);
[[nodiscard]] Result<KeptRecord> read_kept(schema::FrontierEntry::Reader from);
[[nodiscard]] Result<swarm::Pending> read(schema::Pending::Reader from);
[[nodiscard]] Result<swarm::Candidate> read(schema::Candidate::Reader from);
[[nodiscard]] swarm::Hint read(schema::HintRecord::Reader from);  // without its number
[[nodiscard]] Result<judge::Learned> read(schema::Lab::Learned::Reader from);
[[nodiscard]] Result<ladder::Climb> read(schema::Climb::Reader from);
/// Without its climbs: the records of the kept candidates have them.
[[nodiscard]] Result<ladder::Rung> read(schema::Rung::Reader from);

[[nodiscard]] schema::LabStatus to_schema(swarm::LabStatus status);
[[nodiscard]] Result<swarm::LabStatus> read(schema::LabStatus status);
[[nodiscard]] schema::LeaseEnd to_schema(swarm::LeaseEnd how);
[[nodiscard]] Result<swarm::LeaseEnd> read(schema::LeaseEnd how);

}  // namespace swarmlab::store
