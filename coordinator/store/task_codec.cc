// The record of an open task, with its lease.
#include "common/wire/bytes_codec.h"
#include "common/wire/record_codec.h"
#include "common/wire/resources_codec.h"
#include "coordinator/store/codec.h"
#include "coordinator/store/state_codec.h"

namespace swarmlab::store {

namespace {

void write(schema::Lease::Builder to, const swarm::Lease& lease) {
  to.setWorker(wire::text_of(lease.worker.value()));
  to.setToken(lease.token.value());
  to.setReservedMicroUsd(lease.reserved.value());
  to.setGrantedAtMs(to_ms(lease.granted_at));
  wire::write(to.initTakes(), lease.takes);
}

Result<swarm::Lease> read(schema::Lease::Reader from) {
  SWARMLAB_TRY(token, from_one("token", from.getToken()));
  return swarm::Lease{.worker = WorkerName(wire::string_of(from.getWorker())),
                      .token = FencingToken(token),
                      .reserved = MicroUsd(from.getReservedMicroUsd()),
                      .granted_at = from_ms(from.getGrantedAtMs()),
                      .takes = wire::read(from.getTakes())};
}

void write(schema::Task::Builder to, const swarm::Task& task) {
  to.setId(task.id.value());
  to.setLab(task.lab.value());
  to.setKind(wire::to_schema(task.kind));
  to.setExperiment(task.experiment.value());
  to.setSegment(task.segment.value());
  store::write(to.initParent(), task.parent);
  to.setParentCommit(wire::data_of(task.parent_commit));
  to.setPickedBecause(wire::text_of(task.picked_because));
  if (task.lease) write(to.initLease(), *task.lease);
  to.setAttempts(task.attempts);
  to.setLosses(task.losses);
  to.setLastLoss(wire::text_of(task.last_loss));
  auto charged = to.initCharged(static_cast<unsigned>(task.charged.size()));
  for (unsigned place = 0; place < charged.size(); ++place) {
    charged.set(place, task.charged[place].value());
  }
  wire::write(to.initCost(), task.cost);
  store::write(to.initStartedAt(), task.started_at);
  auto lost_on = to.initLostOn(static_cast<unsigned>(task.lost_on.size()));
  for (unsigned place = 0; place < lost_on.size(); ++place) {
    lost_on.set(place, wire::text_of(task.lost_on[place].value()));
  }
  wire::write(to.initPastLeases(static_cast<unsigned>(task.past_leases.size())), task.past_leases);
  if (task.pending) store::write(to.initPending(), *task.pending);
  if (task.merge) wire::write(to.initMerge(), *task.merge);
  if (task.candidate) store::write(to.initCandidate(), *task.candidate);
  to.setScale(task.scale);
}

Result<swarm::Task> read(schema::Task::Reader from) {
  SWARMLAB_TRY(id, from_one("id", from.getId()));
  SWARMLAB_TRY(lab, from_one("lab", from.getLab()));
  SWARMLAB_TRY(kind, wire::read(from.getKind()));
  SWARMLAB_TRY(experiment, from_one("experiment", from.getExperiment()));
  SWARMLAB_TRY(segment, from_one("segment", from.getSegment()));
  SWARMLAB_TRY(parent_commit, wire::object_id_of("parentCommit", from.getParentCommit()));
  const Cost cost = wire::read(from.getCost());
  swarm::Task task{.id = TaskId(id),
                   .lab = LabId(lab),
                   .kind = kind,
                   .experiment = ExperimentNumber(experiment),
                   .segment = SegmentNumber(segment),
                   .parent = store::read(from.getParent()),
                   .parent_commit = parent_commit,
                   .picked_because = wire::string_of(from.getPickedBecause()),
                   .lease = std::nullopt,
                   .attempts = from.getAttempts(),
                   .losses = from.getLosses(),
                   .last_loss = wire::string_of(from.getLastLoss()),
                   .charged = {},
                   .cost = cost,
                   .started_at = store::read(from.getStartedAt())};
  for (const std::uint64_t token : from.getCharged()) task.charged.emplace_back(token);
  for (const auto name : from.getLostOn()) task.lost_on.emplace_back(wire::string_of(name));
  task.past_leases = wire::read(from.getPastLeases());
  task.scale = from.getScale();
  if (from.hasLease()) {
    SWARMLAB_TRY(lease, read(from.getLease()));
    task.lease = std::move(lease);
  }
  if (from.hasMerge()) {
    SWARMLAB_TRY(merge, wire::read(from.getMerge()));
    task.merge = merge;
  }
  if (from.hasPending()) {
    SWARMLAB_TRY(pending, store::read(from.getPending()));
    task.pending = std::move(pending);
  }
  if (from.hasCandidate()) {
    SWARMLAB_TRY(candidate, store::read(from.getCandidate()));
    task.candidate = std::move(candidate);
  }
  return task;
}

}  // namespace

std::string to_bytes(const swarm::Task& task) {
  return wire::encode<schema::Task>([&](schema::Task::Builder to) { write(to, task); });
}

Result<swarm::Task> task_from(std::string_view bytes) {
  return wire::decode<schema::Task>("task", wire::bytes_of(bytes),
                                    [](schema::Task::Reader from) { return read(from); });
}

}  // namespace swarmlab::store
