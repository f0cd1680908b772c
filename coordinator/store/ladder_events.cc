#include "coordinator/store/ladder_events.h"

#include "common/wire/field_codec.h"
#include "common/wire/record_codec.h"
#include "coordinator/store/state_codec.h"

namespace swarmlab::store {

namespace {

// What facts of a climb have in common.
template <class Builder, class Fact>
void write_climb(Builder& to, const Fact& fact) {
  to.setLab(fact.lab.value());
  to.setExperiment(fact.experiment.value());
  to.setScale(fact.scale);
  to.setWhy(wire::text_of(fact.why));
  to.setAtMs(to_ms(fact.at));
}

template <class Fact, class Reader>
Fact read_climb(Reader from) {
  Fact fact;
  fact.lab = LabId(from.getLab());
  fact.experiment = ExperimentNumber(from.getExperiment());
  fact.scale = from.getScale();
  fact.why = wire::string_of(from.getWhy());
  fact.at = from_ms(from.getAtMs());
  return fact;
}

}  // namespace

void write(schema::Event::PromotionProposed::Builder to, const swarm::PromotionProposed& fact) {
  write_climb(to, fact);
}

void write(schema::Event::Promoted::Builder to, const swarm::Promoted& fact) {
  write_climb(to, fact);
  to.setWho(wire::text_of(fact.who));
}

void write(schema::Event::PromotionRejected::Builder to, const swarm::PromotionRejected& fact) {
  write_climb(to, fact);
  to.setWho(wire::text_of(fact.who));
}

void write(schema::Event::CheckBegan::Builder to, const swarm::CheckBegan& fact) {
  write_climb(to, fact);
  to.setTask(fact.task.value());
  to.setKind(wire::to_schema(fact.kind));
  to.setSegment(fact.segment.value());
  to.setCommit(wire::data_of(fact.commit));
}

void write(schema::Event::CheckEnded::Builder to, const swarm::CheckEnded& fact) {
  to.setTask(fact.task.value());
  to.setLab(fact.lab.value());
  to.setKind(wire::to_schema(fact.kind));
  to.setExperiment(fact.experiment.value());
  write(to.initClimb(), fact.scale, fact.climb);
  to.setWorker(wire::text_of(fact.worker.value()));
  to.setBecomesChampion(fact.becomes_champion);
  to.setCloses(wire::text_of(fact.closes));
  to.setAtMs(to_ms(fact.at));
}

Result<swarm::Change> read(schema::Event::PromotionProposed::Reader from) {
  return read_climb<swarm::PromotionProposed>(from);
}

Result<swarm::Change> read(schema::Event::Promoted::Reader from) {
  auto fact = read_climb<swarm::Promoted>(from);
  fact.who = wire::string_of(from.getWho());
  return fact;
}

Result<swarm::Change> read(schema::Event::PromotionRejected::Reader from) {
  auto fact = read_climb<swarm::PromotionRejected>(from);
  fact.who = wire::string_of(from.getWho());
  return fact;
}

Result<swarm::Change> read(schema::Event::CheckBegan::Reader from) {
  SWARMLAB_TRY(kind, wire::read(from.getKind()));
  SWARMLAB_TRY(commit, wire::object_id_of("commit", from.getCommit()));
  auto fact = read_climb<swarm::CheckBegan>(from);
  fact.task = TaskId(from.getTask());
  fact.kind = kind;
  fact.segment = SegmentNumber(from.getSegment());
  fact.commit = commit;
  return fact;
}

Result<swarm::Change> read(schema::Event::CheckEnded::Reader from) {
  SWARMLAB_TRY(kind, wire::read(from.getKind()));
  SWARMLAB_TRY(climb, store::read(from.getClimb()));
  return swarm::CheckEnded{.task = TaskId(from.getTask()),
                           .lab = LabId(from.getLab()),
                           .kind = kind,
                           .experiment = ExperimentNumber(from.getExperiment()),
                           .scale = from.getClimb().getScale(),
                           .climb = std::move(climb),
                           .worker = WorkerName(wire::string_of(from.getWorker())),
                           .becomes_champion = from.getBecomesChampion(),
                           .closes = wire::string_of(from.getCloses()),
                           .at = from_ms(from.getAtMs())};
}

}  // namespace swarmlab::store
