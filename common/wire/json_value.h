// JSON that others wrote, as a value of Cap'n Proto's JSON. Not by its own decoder: that of 0.9.2
// takes the hexadecimal digit a for 0, so that "\u00df" becomes "5".
#pragma once

#include <capnp/compat/json.capnp.h>

#include <string_view>

namespace swarmlab::wire {

/// Fills `to` with what `text` holds; false, and null, if it is no JSON or nested deeper than
/// anything sane. Numbers become doubles.
bool read_json(std::string_view text, capnp::json::Value::Builder to);

}  // namespace swarmlab::wire
