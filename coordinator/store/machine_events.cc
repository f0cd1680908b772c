#include "coordinator/store/machine_events.h"

#include "common/wire/field_codec.h"
#include "coordinator/store/state_codec.h"

namespace swarmlab::store {

Result<swarm::Change> read(schema::Event::WorkerQuarantined::Reader from) {
  return swarm::WorkerQuarantined{.worker = WorkerName(wire::string_of(from.getWorker())),
                                  .why = wire::string_of(from.getWhy()),
                                  .at = from_ms(from.getAtMs()),
                                  .measures_only = from.getMeasuresOnly()};
}

Result<swarm::Change> read(schema::Event::WorkerReleased::Reader from) {
  return swarm::WorkerReleased{.worker = WorkerName(wire::string_of(from.getWorker())),
                               .who = wire::string_of(from.getWho()),
                               .at = from_ms(from.getAtMs())};
}

Result<swarm::Change> read(schema::Event::WorkerForgotten::Reader from) {
  return swarm::WorkerForgotten{.worker = WorkerName(wire::string_of(from.getWorker())),
                                .at = from_ms(from.getAtMs())};
}

Result<swarm::Change> read(schema::Event::AlarmRaised::Reader from) {
  return swarm::AlarmRaised{.silent = from.getSilent(),
                            .holders = from.getHolders(),
                            .at = from_ms(from.getAtMs()),
                            .held_until = from_ms(from.getHeldUntilMs())};
}

Result<swarm::Change> read(schema::Event::BackupRestored::Reader from) {
  return swarm::BackupRestored{.at = from_ms(from.getAtMs()),
                               .next_lab = LabId(from.getNextLab()),
                               .next_task = TaskId(from.getNextTask()),
                               .next_token = FencingToken(from.getNextToken()),
                               .skipped = from.getSkipped()};
}

}  // namespace swarmlab::store
