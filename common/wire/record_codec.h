// Experiments, reports and assignments <-> Cap'n Proto, for messages and for the store's own
// records. For .cc files only: it includes the generated headers.
//
// read() refuses, as corrupt: unknown enum values, object ids that have not 20 bytes, numbers that
// are not finite where the model says that they are.
// It throws kj::Exception if the bytes behind the reader are bad: see decode() and Incoming.
#pragma once

#include "common/model/experiment.h"
#include "common/model/report.h"
#include "common/result.h"
#include "common/wire/field_codec.h"
#include "schemas/record.capnp.h"

namespace swarmlab::wire {

[[nodiscard]] schema::Verdict to_schema(Verdict verdict);
[[nodiscard]] schema::TaskKind to_schema(TaskKind kind);
[[nodiscard]] schema::AgentEnd to_schema(AgentEnd end);
[[nodiscard]] Result<AgentEnd> read(schema::AgentEnd end);
[[nodiscard]] Result<Verdict> read(schema::Verdict verdict);
[[nodiscard]] Result<TaskKind> read(schema::TaskKind kind);

// Structs
void write(schema::AgentNotes::Builder to, const AgentNotes& notes);
void write(schema::AgentRun::Builder to, const AgentRun& run);
void write(schema::Measurement::Builder to, const Measurement& measurement);
void write(schema::Evidence::Builder to, const Evidence& evidence);
void write(capnp::List<schema::Measurement>::Builder to, const std::vector<Measurement>& runs);
void write(schema::Injection::Builder to, const Injection& injection);
void write(schema::Rejection::Builder to, const Rejection& rejection);
void write(schema::NearDuplicate::Builder to, const NearDuplicate& near);
void write(schema::Cost::Builder to, const Cost& cost);
void write(capnp::List<schema::StageTime>::Builder to, const std::vector<StageTime>& stages);
void write(capnp::List<schema::PastLease>::Builder to, const std::vector<PastLease>& leases);
void write(schema::Experiment::Builder to, const Experiment& experiment);
void write(schema::MergeWith::Builder to, const MergeWith& merge);
void write(schema::Assignment::Builder to, const Assignment& assignment);
void write(schema::Report::Builder to, const Report& report);
void write(schema::Transcript::Builder to, const Transcript& transcript);
void write(schema::Attachments::Builder to, const Attachments& attachments);

[[nodiscard]] Result<AgentNotes> read(schema::AgentNotes::Reader from);
[[nodiscard]] Result<AgentRun> read(schema::AgentRun::Reader from);
[[nodiscard]] Result<Measurement> read(schema::Measurement::Reader from);
[[nodiscard]] Result<Evidence> read(schema::Evidence::Reader from);
[[nodiscard]] Result<std::vector<Measurement>> read(capnp::List<schema::Measurement>::Reader from);
[[nodiscard]] Result<Injection> read(schema::Injection::Reader from);
[[nodiscard]] Rejection read(schema::Rejection::Reader from);
[[nodiscard]] Result<NearDuplicate> read(schema::NearDuplicate::Reader from);
[[nodiscard]] Cost read(schema::Cost::Reader from);
[[nodiscard]] Result<std::vector<StageTime>> read(capnp::List<schema::StageTime>::Reader from);
[[nodiscard]] std::vector<PastLease> read(capnp::List<schema::PastLease>::Reader from);
[[nodiscard]] Result<Experiment> read(schema::Experiment::Reader from);
[[nodiscard]] Result<MergeWith> read(schema::MergeWith::Reader from);
[[nodiscard]] Result<Assignment> read(schema::Assignment::Reader from);
[[nodiscard]] Result<Report> read(schema::Report::Reader from);
[[nodiscard]] Result<Transcript> read(schema::Transcript::Reader from);
[[nodiscard]] Result<Attachments> read(schema::Attachments::Reader from);

}  // namespace swarmlab::wire
