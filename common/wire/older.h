// Messages for peers of an older protocol: what the schemas mark as newer ($since) is taken out, so
// that nobody who writes a message has to think of it. For .cc files only: it includes Cap'n Proto.
#pragma once

#include <capnp/dynamic.h>

#include "common/wire/protocol.h"

namespace swarmlab::wire {

/// The protocol that a field came with; 1 if it is not marked.
[[nodiscard]] Protocol since(capnp::StructSchema::Field field);

/// Clears every field that is newer than `protocol`, at any depth. A union that has a newer member
/// becomes its first one, which stands for "none".
void take_out_newer(capnp::DynamicStruct::Builder from, Protocol protocol);

}  // namespace swarmlab::wire
