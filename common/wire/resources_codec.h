// What tasks need and workers have <-> Cap'n Proto. For the .cc files of codecs only.
#pragma once

#include "common/model/resources.h"
#include "schemas/lab.capnp.h"

namespace swarmlab::wire {

void write(schema::Resources::Builder to, const Resources& resources);
void write(schema::Capacity::Builder to, const Capacity& capacity);

[[nodiscard]] Resources read(schema::Resources::Reader from);
[[nodiscard]] Capacity read(schema::Capacity::Reader from);

}  // namespace swarmlab::wire
