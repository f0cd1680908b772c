// LabSettings <-> Cap'n Proto. For .cc files only: it includes the generated header.
#pragma once

#include <optional>
#include <string_view>

#include "common/model/lab.h"
#include "common/result.h"
#include "schemas/lab.capnp.h"

namespace swarmlab::wire {

void write(schema::MaybeNumber::Builder to, std::optional<double> value);
void write(schema::LabSettings::Builder to, const LabSettings& settings);

/// `where` names the field in the message of an error.
[[nodiscard]] Result<std::optional<double>> read(std::string_view where,
                                                 schema::MaybeNumber::Reader from);

/// \return corrupt if an enum value is unknown, or a number is not finite.
/// \throws kj::Exception if the bytes behind the reader are bad: see decode() and Incoming.
[[nodiscard]] Result<LabSettings> read(schema::LabSettings::Reader from);

}  // namespace swarmlab::wire
