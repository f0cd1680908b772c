// Views as JSON: what `--json` prints. For .cc files only: it includes Cap'n Proto.
//
// Every field is printed, always; numbers in the shortest form that reads back as the same double,
// those that are not finite as null; bytes that are no UTF-8 as U+FFFD. schemas/view.capnp tells
// which structs become null, objects and times.
#pragma once

#include <capnp/dynamic.h>

#include <cstdint>
#include <optional>
#include <string>

#include "common/result.h"
#include "common/strong_id.h"
#include "schemas/view.capnp.h"

namespace swarmlab::wire {

enum class JsonStyle : std::uint8_t { compact, pretty };  // pretty: two spaces, one field a line

/// Any view, or a list of views (an array): `to_json(status)`, `to_json(list.getExperiments())`.
/// \throws kj::Exception if the bytes behind the reader are bad: see decode() and Incoming.
[[nodiscard]] std::string to_json(const capnp::DynamicValue::Reader& view, capnp::Type type,
                                  JsonStyle style);

template <class View>
[[nodiscard]] std::string to_json(const View& view, JsonStyle style = JsonStyle::compact) {
  return to_json(capnp::DynamicValue::Reader(view), capnp::Type::from(view), style);
}

// What fills the small structs.
void write(schema::Time::Builder to, std::optional<Timestamp> at);
void write(schema::MaybeBool::Builder to, std::optional<bool> value);
void write(schema::MaybeCount::Builder to, std::optional<std::uint32_t> value);

/// "2026-11-21T04:34:00.000Z". Years before 0 or after 9999 are cut to them.
[[nodiscard]] std::string rfc3339(Timestamp at);

}  // namespace swarmlab::wire
