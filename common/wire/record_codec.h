// Experiments, reports and assignments <-> Cap'n Proto, for messages and for the store's own
// records. For .cc files only: it includes the generated headers.
//
// read() refuses, as corrupt: unknown enum values, object ids that have not 20 bytes, numbers that
// are not finite where the model says that they are.
// It throws kj::Exception if the bytes behind the reader are bad: see decode() and Incoming.
#pragma once

#include <optional>
#include <string_view>

#include "common/model/experiment.h"
#include "common/model/report.h"
#include "common/result.h"
#include "schemas/record.capnp.h"

namespace swarmlab::wire {

// Fields. `where` names the field in the message of an error: "parentCommit".
[[nodiscard]] capnp::Data::Reader data_of(const ObjectId& id);
[[nodiscard]] capnp::Data::Reader data_of(const std::optional<ObjectId>& id);
[[nodiscard]] capnp::Text::Reader text_of(const std::string& text);
[[nodiscard]] std::string string_of(capnp::Text::Reader text);
[[nodiscard]] Result<ObjectId> object_id_of(std::string_view where, capnp::Data::Reader data);
/// Empty data is none.
[[nodiscard]] Result<std::optional<ObjectId>> maybe_object_id_of(std::string_view where,
                                                                 capnp::Data::Reader data);

[[nodiscard]] schema::Verdict to_schema(Verdict verdict);
[[nodiscard]] schema::TaskKind to_schema(TaskKind kind);
[[nodiscard]] Result<Verdict> read(schema::Verdict verdict);
[[nodiscard]] Result<TaskKind> read(schema::TaskKind kind);

// Structs
void write(schema::AgentNotes::Builder to, const AgentNotes& notes);
void write(schema::Measurement::Builder to, const Measurement& measurement);
void write(schema::Cost::Builder to, const Cost& cost);
void write(schema::Experiment::Builder to, const Experiment& experiment);
void write(schema::Assignment::Builder to, const Assignment& assignment);
void write(schema::Report::Builder to, const Report& report);
void write(schema::Attachments::Builder to, const Attachments& attachments);

[[nodiscard]] Result<AgentNotes> read(schema::AgentNotes::Reader from);
[[nodiscard]] Result<Measurement> read(schema::Measurement::Reader from);
[[nodiscard]] Result<Cost> read(schema::Cost::Reader from);
[[nodiscard]] Result<Experiment> read(schema::Experiment::Reader from);
[[nodiscard]] Result<Assignment> read(schema::Assignment::Reader from);
[[nodiscard]] Result<Report> read(schema::Report::Reader from);
[[nodiscard]] Result<Attachments> read(schema::Attachments::Reader from);

}  // namespace swarmlab::wire
