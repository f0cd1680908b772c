// JSON values as text. Cap'n Proto's own writer is not used: it spells some doubles with 17 digits
// where 16 read back the same, lets broken UTF-8 through, and breaks lines by length.
// For .cc files only.
#pragma once

#include <capnp/compat/json.capnp.h>

#include <string>

#include "common/wire/json_codec.h"

namespace swarmlab::wire {

/// Numbers that are not finite become null, bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string json_text(capnp::json::Value::Reader value, JsonStyle style);

}  // namespace swarmlab::wire
