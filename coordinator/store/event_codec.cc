// The record of an event: a stored change, its place in the log and its instant.
#include <type_traits>
#include <variant>

#include "common/wire/bytes_codec.h"
#include "common/wire/lab_codec.h"
#include "common/wire/record_codec.h"
#include "common/wire/resources_codec.h"
#include "coordinator/store/codec.h"
#include "coordinator/store/ladder_events.h"
#include "coordinator/store/machine_events.h"
#include "coordinator/store/people_codec.h"
#include "coordinator/store/state_codec.h"

namespace swarmlab::store {

namespace {

using ChangeBuilder = schema::Event::Change::Builder;

// Of an experiment; 0: of none.
std::uint64_t number_of(const std::optional<ExperimentNumber>& number) {
  return number ? number->value() : 0;
}

std::optional<ExperimentNumber> experiment_of(std::uint64_t number) {
  return number == 0 ? std::nullopt : std::optional(ExperimentNumber(number));
}

// Writes the change of its type into the union.
struct Write {
  ChangeBuilder to;

  void operator()(const swarm::LabOpened& fact) {
    auto change = to.initLabOpened();
    change.setLab(fact.lab.value());
    wire::write(change.initSettings(), fact.settings);
    write(change.initSegment(), fact.segment);
    change.setWho(wire::text_of(fact.who));
    if (fact.origin) write(change.initOrigin(), *fact.origin);
  }
  void operator()(const swarm::SettingsChanged& fact) {
    auto change = to.initSettingsChanged();
    change.setLab(fact.lab.value());
    wire::write(change.initSettings(), fact.settings);
    change.setWho(wire::text_of(fact.who));
  }
  void operator()(const swarm::SegmentBegan& fact) {
    auto change = to.initSegmentBegan();
    change.setLab(fact.lab.value());
    write(change.initSegment(), fact.segment);
    change.setWhy(wire::text_of(fact.why));
  }
  void operator()(const swarm::LabStatusChanged& fact) {
    auto change = to.initLabStatusChanged();
    change.setLab(fact.lab.value());
    change.setStatus(store::to_schema(fact.status));
    change.setReason(wire::text_of(fact.reason));
    change.setWho(wire::text_of(fact.who));
    change.setAtMs(to_ms(fact.at));
  }
  void operator()(const swarm::TaskCreated& fact) {
    auto change = to.initTaskCreated();
    change.setTask(fact.task.value());
    change.setLab(fact.lab.value());
    change.setKind(wire::to_schema(fact.kind));
    change.setExperiment(fact.experiment.value());
    change.setSegment(fact.segment.value());
    write(change.initParent(), fact.parent);
    change.setParentCommit(wire::data_of(fact.parent_commit));
    change.setPickedBecause(wire::text_of(fact.picked_because));
    if (fact.merge) wire::write(change.initMerge(), *fact.merge);
    if (fact.candidate) write(change.initCandidate(), *fact.candidate);
  }
  void operator()(const swarm::LeaseGranted& fact) {
    auto change = to.initLeaseGranted();
    change.setTask(fact.task.value());
    change.setWorker(wire::text_of(fact.worker.value()));
    change.setToken(fact.token.value());
    change.setReservedMicroUsd(fact.reserved.value());
    change.setAtMs(to_ms(fact.at));
    wire::write(change.initTakes(), fact.takes);
  }
  void operator()(const swarm::LeaseEnded& fact) {
    auto change = to.initLeaseEnded();
    change.setTask(fact.task.value());
    change.setToken(fact.token.value());
    change.setHow(store::to_schema(fact.how));
    change.setAtMs(to_ms(fact.at));
    change.setWhy(fact.why.c_str());
  }
  void operator()(const swarm::TaskDropped& fact) {
    auto change = to.initTaskDropped();
    change.setTask(fact.task.value());
    change.setLab(fact.lab.value());
    change.setExperiment(fact.experiment.value());
    change.setWhy(wire::text_of(fact.why));
    change.setAtMs(to_ms(fact.at));
  }
  void operator()(const swarm::CostSpent& fact) {
    auto change = to.initCostSpent();
    change.setLab(fact.lab.value());
    change.setExperiment(fact.experiment.value());
    change.setTask(fact.task.value());
    change.setToken(fact.token.value());
    wire::write(change.initCost(), fact.cost);
  }
  void operator()(const swarm::CandidateMeasured& fact) {
    auto change = to.initCandidateMeasured();
    change.setLab(fact.lab.value());
    change.setTask(fact.task.value());
    change.setToken(fact.token.value());
    write(change.initPending(), fact.pending);
    wire::write(change.initCost(), fact.cost);
    change.setAtMs(to_ms(fact.at));
    change.setBeside(number_of(fact.beside));
  }
  void operator()(const swarm::ExperimentFinished& fact) {
    auto change = to.initExperimentFinished();
    wire::write(change.initExperiment(), fact.experiment);
    wire::write(change.initCost(), fact.cost);
    change.setBecomesBest(fact.becomes_best);
    change.setAdvances(fact.advances);
    change.setBeside(number_of(fact.beside));
  }
  void operator()(const swarm::PromotionProposed& fact) { write(to.initPromotionProposed(), fact); }
  void operator()(const swarm::Promoted& fact) { write(to.initPromoted(), fact); }
  void operator()(const swarm::PromotionRejected& fact) { write(to.initPromotionRejected(), fact); }
  void operator()(const swarm::CheckBegan& fact) { write(to.initCheckBegan(), fact); }
  void operator()(const swarm::CheckEnded& fact) { write(to.initCheckEnded(), fact); }
  void operator()(const swarm::WorkerJoined& fact) { write(to.initWorkerJoined(), fact.worker); }
  void operator()(const swarm::BackupRestored& fact) {
    auto change = to.initBackupRestored();
    change.setAtMs(to_ms(fact.at));
    change.setNextLab(fact.next_lab.value());
    change.setNextTask(fact.next_task.value());
    change.setNextToken(fact.next_token.value());
    change.setSkipped(fact.skipped);
  }

  void operator()(const swarm::WorkerQuarantined& fact) {
    auto change = to.initWorkerQuarantined();
    change.setWorker(wire::text_of(fact.worker.value()));
    change.setWhy(wire::text_of(fact.why));
    change.setAtMs(to_ms(fact.at));
    change.setMeasuresOnly(fact.measures_only);
  }
  void operator()(const swarm::WorkerForgotten& fact) {
    auto change = to.initWorkerForgotten();
    change.setWorker(wire::text_of(fact.worker.value()));
    change.setAtMs(to_ms(fact.at));
  }
  void operator()(const swarm::WorkerReleased& fact) {
    auto change = to.initWorkerReleased();
    change.setWorker(wire::text_of(fact.worker.value()));
    change.setWho(wire::text_of(fact.who));
    change.setAtMs(to_ms(fact.at));
  }
  void operator()(const swarm::AlarmRaised& fact) {
    auto change = to.initAlarmRaised();
    change.setSilent(fact.silent);
    change.setHolders(fact.holders);
    change.setAtMs(to_ms(fact.at));
    change.setHeldUntilMs(to_ms(fact.held_until));
  }
  void operator()(const swarm::AlarmCleared& fact) {
    to.initAlarmCleared().setAtMs(to_ms(fact.at));
  }
  void operator()(const swarm::TimeSkipped& fact) {
    auto change = to.initTimeSkipped();
    change.setFromMs(to_ms(fact.from));
    change.setUntilMs(to_ms(fact.until));
  }

  void operator()(const swarm::HintGiven& fact) { write(to.initHintGiven(), fact); }
  void operator()(const swarm::HintWithdrawn& fact) { write(to.initHintWithdrawn(), fact); }
  void operator()(const swarm::ExperimentRejected& fact) {
    write(to.initExperimentRejected(), fact);
  }
  void operator()(const swarm::ProviderFailed& fact) { write(to.initProviderFailed(), fact); }
  void operator()(const swarm::ProviderAnswered& fact) { write(to.initProviderAnswered(), fact); }

  // Not stored.
  void operator()(const swarm::HypothesisAnnounced&) { SWARMLAB_ASSERT(false); }
  void operator()(const swarm::WorkerReserved&) { SWARMLAB_ASSERT(false); }
  void operator()(const swarm::WorkerSeen&) { SWARMLAB_ASSERT(false); }
  void operator()(const swarm::SlotServed&) { SWARMLAB_ASSERT(false); }
  void operator()(const swarm::WorkerGone&) { SWARMLAB_ASSERT(false); }
  void operator()(const swarm::LeaseExtended&) { SWARMLAB_ASSERT(false); }
};

Result<swarm::Change> read(schema::Event::LabOpened::Reader from) {
  SWARMLAB_TRY(settings, wire::read(from.getSettings()));
  SWARMLAB_TRY(segment, store::read(from.getSegment()));
  std::optional<swarm::LabOrigin> origin;
  if (from.hasOrigin()) {
    SWARMLAB_TRY(of_branch, store::read(from.getOrigin()));
    origin = std::move(of_branch);
  }
  return swarm::LabOpened{.lab = LabId(from.getLab()),
                          .settings = std::move(settings),
                          .segment = segment,
                          .who = wire::string_of(from.getWho()),
                          .origin = std::move(origin)};
}

Result<swarm::Change> read(schema::Event::SettingsChanged::Reader from) {
  SWARMLAB_TRY(settings, wire::read(from.getSettings()));
  return swarm::SettingsChanged{.lab = LabId(from.getLab()),
                                .settings = std::move(settings),
                                .who = wire::string_of(from.getWho())};
}

Result<swarm::Change> read(schema::Event::SegmentBegan::Reader from) {
  SWARMLAB_TRY(segment, store::read(from.getSegment()));
  return swarm::SegmentBegan{
      .lab = LabId(from.getLab()), .segment = segment, .why = wire::string_of(from.getWhy())};
}

Result<swarm::Change> read(schema::Event::LabStatusChanged::Reader from) {
  SWARMLAB_TRY(status, store::read(from.getStatus()));
  return swarm::LabStatusChanged{.lab = LabId(from.getLab()),
                                 .status = status,
                                 .reason = wire::string_of(from.getReason()),
                                 .who = wire::string_of(from.getWho()),
                                 .at = from_ms(from.getAtMs())};
}

Result<swarm::Change> read(schema::Event::TaskCreated::Reader from) {
  SWARMLAB_TRY(kind, wire::read(from.getKind()));
  std::optional<MergeWith> merge;
  if (from.hasMerge()) {
    SWARMLAB_TRY(with, wire::read(from.getMerge()));
    merge = with;
  }
  SWARMLAB_TRY(parent_commit, wire::object_id_of("parentCommit", from.getParentCommit()));
  swarm::TaskCreated fact{.task = TaskId(from.getTask()),
                          .lab = LabId(from.getLab()),
                          .kind = kind,
                          .experiment = ExperimentNumber(from.getExperiment()),
                          .segment = SegmentNumber(from.getSegment()),
                          .parent = store::read(from.getParent()),
                          .parent_commit = parent_commit,
                          .picked_because = wire::string_of(from.getPickedBecause()),
                          .merge = merge};
  if (from.hasCandidate()) {
    SWARMLAB_TRY(candidate, store::read(from.getCandidate()));
    fact.candidate = std::move(candidate);
  }
  return fact;
}

Result<swarm::Change> read(schema::Event::LeaseGranted::Reader from) {
  return swarm::LeaseGranted{.task = TaskId(from.getTask()),
                             .worker = WorkerName(wire::string_of(from.getWorker())),
                             .token = FencingToken(from.getToken()),
                             .reserved = MicroUsd(from.getReservedMicroUsd()),
                             .at = from_ms(from.getAtMs()),
                             .takes = wire::read(from.getTakes())};
}

Result<swarm::Change> read(schema::Event::LeaseEnded::Reader from) {
  SWARMLAB_TRY(how, store::read(from.getHow()));
  return swarm::LeaseEnded{.task = TaskId(from.getTask()),
                           .token = FencingToken(from.getToken()),
                           .how = how,
                           .at = from_ms(from.getAtMs()),
                           .why = from.getWhy().cStr()};
}

Result<swarm::Change> read(schema::Event::TaskDropped::Reader from) {
  return swarm::TaskDropped{.task = TaskId(from.getTask()),
                            .lab = LabId(from.getLab()),
                            .experiment = ExperimentNumber(from.getExperiment()),
                            .why = wire::string_of(from.getWhy()),
                            .at = from_ms(from.getAtMs())};
}

Result<swarm::Change> read(schema::Event::CostSpent::Reader from) {
  const Cost cost = wire::read(from.getCost());
  return swarm::CostSpent{.lab = LabId(from.getLab()),
                          .experiment = ExperimentNumber(from.getExperiment()),
                          .task = TaskId(from.getTask()),
                          .token = FencingToken(from.getToken()),
                          .cost = cost};
}

Result<swarm::Change> read(schema::Event::CandidateMeasured::Reader from) {
  SWARMLAB_TRY(pending, store::read(from.getPending()));
  const Cost cost = wire::read(from.getCost());
  return swarm::CandidateMeasured{.lab = LabId(from.getLab()),
                                  .task = TaskId(from.getTask()),
                                  .token = FencingToken(from.getToken()),
                                  .pending = std::move(pending),
                                  .cost = cost,
                                  .at = from_ms(from.getAtMs()),
                                  .beside = experiment_of(from.getBeside())};
}

Result<swarm::Change> read(schema::Event::ExperimentFinished::Reader from) {
  SWARMLAB_TRY(experiment, wire::read(from.getExperiment()));
  const Cost cost = wire::read(from.getCost());
  return swarm::ExperimentFinished{.experiment = std::move(experiment),
                                   .cost = cost,
                                   .becomes_best = from.getBecomesBest(),
                                   .advances = from.getAdvances(),
                                   .beside = experiment_of(from.getBeside())};
}

Result<swarm::Change> read(schema::Event::Change::Reader from) {
  switch (from.which()) {
    case schema::Event::Change::LAB_OPENED:
      return read(from.getLabOpened());
    case schema::Event::Change::SETTINGS_CHANGED:
      return read(from.getSettingsChanged());
    case schema::Event::Change::SEGMENT_BEGAN:
      return read(from.getSegmentBegan());
    case schema::Event::Change::LAB_STATUS_CHANGED:
      return read(from.getLabStatusChanged());
    case schema::Event::Change::TASK_CREATED:
      return read(from.getTaskCreated());
    case schema::Event::Change::LEASE_GRANTED:
      return read(from.getLeaseGranted());
    case schema::Event::Change::LEASE_ENDED:
      return read(from.getLeaseEnded());
    case schema::Event::Change::COST_SPENT:
      return read(from.getCostSpent());
    case schema::Event::Change::CANDIDATE_MEASURED:
      return read(from.getCandidateMeasured());
    case schema::Event::Change::EXPERIMENT_FINISHED:
      return read(from.getExperimentFinished());
    case schema::Event::Change::WORKER_JOINED: {
      SWARMLAB_TRY(worker, store::read(from.getWorkerJoined()));
      return swarm::WorkerJoined{.worker = std::move(worker)};
    }
    case schema::Event::Change::WORKER_QUARANTINED:
      return store::read(from.getWorkerQuarantined());
    case schema::Event::Change::WORKER_RELEASED:
      return store::read(from.getWorkerReleased());
    case schema::Event::Change::WORKER_FORGOTTEN:
      return store::read(from.getWorkerForgotten());
    case schema::Event::Change::ALARM_RAISED:
      return store::read(from.getAlarmRaised());
    case schema::Event::Change::ALARM_CLEARED:
      return swarm::AlarmCleared{.at = from_ms(from.getAlarmCleared().getAtMs())};
    case schema::Event::Change::TIME_SKIPPED:
      return swarm::TimeSkipped{.from = from_ms(from.getTimeSkipped().getFromMs()),
                                .until = from_ms(from.getTimeSkipped().getUntilMs())};
    case schema::Event::Change::TASK_DROPPED:
      return read(from.getTaskDropped());
    case schema::Event::Change::BACKUP_RESTORED:
      return store::read(from.getBackupRestored());
    case schema::Event::Change::HINT_GIVEN:
      return store::read(from.getHintGiven());
    case schema::Event::Change::HINT_WITHDRAWN:
      return store::read(from.getHintWithdrawn());
    case schema::Event::Change::EXPERIMENT_REJECTED:
      return store::read(from.getExperimentRejected());
    case schema::Event::Change::PROVIDER_FAILED:
      return store::read(from.getProviderFailed());
    case schema::Event::Change::PROVIDER_ANSWERED:
      return store::read(from.getProviderAnswered());
    case schema::Event::Change::PROMOTION_PROPOSED:
      return store::read(from.getPromotionProposed());
    case schema::Event::Change::PROMOTED:
      return store::read(from.getPromoted());
    case schema::Event::Change::PROMOTION_REJECTED:
      return store::read(from.getPromotionRejected());
    case schema::Event::Change::CHECK_BEGAN:
      return store::read(from.getCheckBegan());
    case schema::Event::Change::CHECK_ENDED:
      return store::read(from.getCheckEnded());
  }
  return fail(ErrorCode::corrupt, "change is of kind {}, which this build does not know",
              static_cast<unsigned>(from.which()));
}

}  // namespace

std::string to_bytes(Sequence sequence, Timestamp at, const swarm::Change& change) {
  return wire::encode<schema::Event>([&](schema::Event::Builder to) {
    to.setSequence(sequence.value());
    to.setAtMs(to_ms(at));
    std::visit(Write{to.initChange()}, change);
  });
}

Result<StoredEvent> event_from(std::string_view bytes) {
  return wire::decode<schema::Event>(
      "event", wire::bytes_of(bytes), [](schema::Event::Reader from) -> Result<StoredEvent> {
        SWARMLAB_TRY(sequence, from_one("sequence", from.getSequence()));
        SWARMLAB_TRY(change, read(from.getChange()));
        return StoredEvent{.sequence = Sequence(sequence),
                           .at = from_ms(from.getAtMs()),
                           .change = std::move(change)};
      });
}

}  // namespace swarmlab::store
