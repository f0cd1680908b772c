#include "coordinator/store/people_codec.h"

#include "common/wire/record_codec.h"
#include "coordinator/store/state_codec.h"

namespace swarmlab::store {

void write(schema::Event::HintGiven::Builder to, const swarm::HintGiven& fact) {
  to.setLab(fact.lab.value());
  write(to.initHint(), fact.number, fact.hint);
}

void write(schema::Event::HintWithdrawn::Builder to, const swarm::HintWithdrawn& fact) {
  to.setLab(fact.lab.value());
  to.setNumber(fact.number.value());
  to.setWho(wire::text_of(fact.who));
  to.setAtMs(to_ms(fact.at));
}

void write(schema::Event::ExperimentRejected::Builder to, const swarm::ExperimentRejected& fact) {
  to.setLab(fact.lab.value());
  to.setExperiment(fact.experiment.value());
  wire::write(to.initRejection(), fact.rejection);
  to.setBest(fact.best.value());
}

Result<swarm::Change> read(schema::Event::HintGiven::Reader from) {
  SWARMLAB_TRY(number, from_one("hint", from.getHint().getNumber()));
  return swarm::HintGiven{.lab = LabId(from.getLab()),
                          .number = HintNumber(number),
                          .hint = store::read(from.getHint())};
}

Result<swarm::Change> read(schema::Event::HintWithdrawn::Reader from) {
  SWARMLAB_TRY(number, from_one("hint", from.getNumber()));
  return swarm::HintWithdrawn{.lab = LabId(from.getLab()),
                              .number = HintNumber(number),
                              .who = wire::string_of(from.getWho()),
                              .at = from_ms(from.getAtMs())};
}

Result<swarm::Change> read(schema::Event::ExperimentRejected::Reader from) {
  SWARMLAB_TRY(experiment, from_one("experiment", from.getExperiment()));
  SWARMLAB_TRY(best, from_one("best", from.getBest()));
  return swarm::ExperimentRejected{.lab = LabId(from.getLab()),
                                   .experiment = ExperimentNumber(experiment),
                                   .rejection = wire::read(from.getRejection()),
                                   .best = ExperimentNumber(best)};
}

void write(schema::Backoff::Builder to, const swarm::Backoff& backoff) {
  to.setWhy(wire::to_schema(backoff.why));
  to.setSaid(wire::text_of(backoff.said));
  to.setFailures(backoff.failures);
  to.setSinceMs(to_ms(backoff.since));
  to.setUntilMs(to_ms(backoff.until));
  to.setWorker(wire::text_of(backoff.worker.value()));
}

Result<swarm::Backoff> read(schema::Backoff::Reader from) {
  SWARMLAB_TRY(why, wire::read(from.getWhy()));
  return swarm::Backoff{.why = why,
                        .said = wire::string_of(from.getSaid()),
                        .failures = from.getFailures(),
                        .since = from_ms(from.getSinceMs()),
                        .until = from_ms(from.getUntilMs()),
                        .worker = WorkerName(wire::string_of(from.getWorker()))};
}

void write(schema::Event::ProviderFailed::Builder to, const swarm::ProviderFailed& fact) {
  to.setLab(fact.lab.value());
  write(to.initBackoff(), fact.backoff);
}

void write(schema::Event::ProviderAnswered::Builder to, const swarm::ProviderAnswered& fact) {
  to.setLab(fact.lab.value());
  to.setWho(wire::text_of(fact.who));
  to.setAtMs(to_ms(fact.at));
}

Result<swarm::Change> read(schema::Event::ProviderFailed::Reader from) {
  SWARMLAB_TRY(backoff, store::read(from.getBackoff()));
  return swarm::ProviderFailed{.lab = LabId(from.getLab()), .backoff = std::move(backoff)};
}

swarm::Change read(schema::Event::ProviderAnswered::Reader from) {
  return swarm::ProviderAnswered{.lab = LabId(from.getLab()),
                                 .who = wire::string_of(from.getWho()),
                                 .at = from_ms(from.getAtMs())};
}

}  // namespace swarmlab::store
