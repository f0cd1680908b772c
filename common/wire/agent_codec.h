// What runs in the sandboxes of a lab, its evaluator and its agent <-> Cap'n Proto. For .cc files
// only: it includes the generated header.
#pragma once

#include "common/model/lab.h"
#include "common/result.h"
#include "schemas/lab.capnp.h"

namespace swarmlab::wire {

void write(schema::LabSettings::Evaluator::Builder to, const Evaluator& evaluator);
void write(schema::LabSettings::Agent::Builder to, const Agent& agent);

/// As read() of all settings (lab_codec.h).
[[nodiscard]] Result<Evaluator> read(schema::LabSettings::Evaluator::Reader from);
[[nodiscard]] Result<Agent> read(schema::LabSettings::Agent::Reader from);

}  // namespace swarmlab::wire
