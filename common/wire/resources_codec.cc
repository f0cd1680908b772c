#include "common/wire/resources_codec.h"

#include "common/wire/field_codec.h"

namespace swarmlab::wire {

void write(schema::Resources::Builder to, const Resources& resources) {
  to.setCpuMillis(resources.cpu_millis);
  to.setMemoryBytes(resources.memory_bytes);
  to.setGpus(resources.gpus);
}

Resources read(schema::Resources::Reader from) {
  return {.cpu_millis = from.getCpuMillis(),
          .memory_bytes = from.getMemoryBytes(),
          .gpus = from.getGpus()};
}

void write(schema::Capacity::Builder to, const Capacity& capacity) {
  to.setCpuMillis(capacity.cpu_millis);
  to.setMemoryBytes(capacity.memory_bytes);
  write_texts(to.initGpus(length_of(capacity.gpus)), capacity.gpus);
  write_texts(to.initLabels(length_of(capacity.labels)), capacity.labels);
}

Capacity read(schema::Capacity::Reader from) {
  return {.cpu_millis = from.getCpuMillis(),
          .memory_bytes = from.getMemoryBytes(),
          .gpus = read_texts(from.getGpus()),
          .labels = read_texts(from.getLabels())};
}

}  // namespace swarmlab::wire
