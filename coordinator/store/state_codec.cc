#include "coordinator/store/state_codec.h"

#include <algorithm>
#include <cmath>

#include "common/wire/bytes_codec.h"
#include "common/wire/field_codec.h"
#include "common/wire/lab_codec.h"
#include "common/wire/record_codec.h"
#include "common/wire/resources_codec.h"
#include "coordinator/store/codec.h"

namespace swarmlab::store {

std::int64_t to_ms(Timestamp at) {
  return at.time_since_epoch().count();
}

Timestamp from_ms(std::int64_t ms) {
  return Timestamp(Milliseconds(ms));
}

Result<std::uint64_t> from_one(std::string_view what, std::uint64_t number) {
  if (number == 0) return fail(ErrorCode::corrupt, "{} is 0, expected 1 or more", what);
  return number;
}

void write(schema::MaybeId::Builder to, const std::optional<ExperimentNumber>& number) {
  if (number) {
    to.setId(number->value());
  } else {
    to.setNone();
  }
}

std::optional<ExperimentNumber> read(schema::MaybeId::Reader from) {
  if (!from.isId()) return std::nullopt;
  return ExperimentNumber(from.getId());
}

void write(schema::MaybeTime::Builder to, const std::optional<Timestamp>& at) {
  if (at) {
    to.setMs(to_ms(*at));
  } else {
    to.setNone();
  }
}

std::optional<Timestamp> read(schema::MaybeTime::Reader from) {
  if (!from.isMs()) return std::nullopt;
  return from_ms(from.getMs());
}

void write(schema::Segment::Builder to, const swarm::Segment& segment) {
  to.setNumber(segment.number.value());
  to.setLabCommit(wire::data_of(segment.lab_commit));
  to.setEvaluatorHash(wire::data_of(segment.evaluator_hash));
  to.setDataHash(wire::data_of(segment.data_hash));
  to.setBaseline(segment.baseline.value());
  to.setBaselineMeasured(segment.baseline_measured);
  to.setHoldoutHash(wire::data_of(segment.holdout_hash));
}

Result<swarm::Segment> read(schema::Segment::Reader from) {
  SWARMLAB_TRY(number, from_one("number", from.getNumber()));
  SWARMLAB_TRY(lab_commit, wire::object_id_of("labCommit", from.getLabCommit()));
  SWARMLAB_TRY(evaluator_hash, wire::object_id_of("evaluatorHash", from.getEvaluatorHash()));
  SWARMLAB_TRY(data_hash, wire::object_id_of("dataHash", from.getDataHash()));
  SWARMLAB_TRY(holdout_hash, wire::maybe_object_id_of("holdoutHash", from.getHoldoutHash()));
  return swarm::Segment{.number = SegmentNumber(number),
                        .lab_commit = lab_commit,
                        .evaluator_hash = evaluator_hash,
                        .data_hash = data_hash,
                        .baseline = ExperimentNumber(from.getBaseline()),
                        .baseline_measured = from.getBaselineMeasured(),
                        .holdout_hash = holdout_hash};
}

void write(schema::Pending::Builder to, const swarm::Pending& pending) {
  wire::write(to.initExperiment(), pending.experiment);
  to.setReference(pending.reference.value());
  to.setReferenceCommit(wire::data_of(pending.reference_commit));
  to.setSeries(pending.series);
  to.setKept(pending.kept);
  auto passed = to.initPassed(wire::length_of(pending.passed));
  for (unsigned i = 0; i < passed.size(); ++i) passed.set(i, pending.passed[i].value());
}

Result<swarm::Pending> read(schema::Pending::Reader from) {
  SWARMLAB_TRY(experiment, wire::read(from.getExperiment()));
  SWARMLAB_TRY(reference, from_one("reference", from.getReference()));
  SWARMLAB_TRY(commit, wire::object_id_of("referenceCommit", from.getReferenceCommit()));
  swarm::Pending pending{.experiment = std::move(experiment),
                         .reference = ExperimentNumber(reference),
                         .reference_commit = commit,
                         .series = from.getSeries(),
                         .kept = from.getKept()};
  for (const std::uint64_t one : from.getPassed()) pending.passed.emplace_back(one);
  return pending;
}

void write(schema::Candidate::Builder to, const swarm::Candidate& candidate) {
  to.setCommit(wire::data_of(candidate.commit));
  to.setTree(wire::data_of(candidate.tree));
  wire::write(to.initNotes(), candidate.notes);
  if (candidate.injection) wire::write(to.initInjection(), *candidate.injection);
}

Result<swarm::Candidate> read(schema::Candidate::Reader from) {
  SWARMLAB_TRY(commit, wire::object_id_of("commit", from.getCommit()));
  SWARMLAB_TRY(tree, wire::object_id_of("tree", from.getTree()));
  SWARMLAB_TRY(notes, wire::read(from.getNotes()));
  swarm::Candidate candidate{.commit = commit, .tree = tree, .notes = std::move(notes)};
  if (from.hasInjection()) {
    SWARMLAB_TRY(injection, wire::read(from.getInjection()));
    candidate.injection = std::move(injection);
  }
  return candidate;
}

void write(schema::HintRecord::Builder to, HintNumber number, const swarm::Hint& hint) {
  to.setNumber(number.value());
  to.setText(wire::text_of(hint.text));
  to.setWho(wire::text_of(hint.who));
  to.setAtMs(to_ms(hint.at));
}

swarm::Hint read(schema::HintRecord::Reader from) {
  return {.text = wire::string_of(from.getText()),
          .who = wire::string_of(from.getWho()),
          .at = from_ms(from.getAtMs())};
}

void write(schema::Origin::Builder to, const swarm::LabOrigin& origin) {
  to.setParent(origin.parent.value());
  to.setExperiment(origin.experiment.value());
  wire::write_texts(to.initSet(wire::length_of(origin.set)), origin.set);
}

Result<swarm::LabOrigin> read(schema::Origin::Reader from) {
  SWARMLAB_TRY(parent, from_one("parent", from.getParent()));
  SWARMLAB_TRY(experiment, from_one("experiment", from.getExperiment()));
  return swarm::LabOrigin{.parent = LabId(parent),
                          .experiment = ExperimentNumber(experiment),
                          .set = wire::read_texts(from.getSet())};
}

namespace {

void write(schema::Worker::Quarantine::Builder to, const swarm::Quarantine& quarantine) {
  to.setWhy(wire::text_of(quarantine.why));
  to.setAtMs(to_ms(quarantine.at));
}

}  // namespace

void write(schema::Worker::Builder to, const swarm::Worker& worker) {
  to.setName(wire::text_of(worker.name.value()));
  to.setHostClass(wire::text_of(worker.host_class));
  to.setSlots(worker.slots);
  to.setJoinedAtMs(to_ms(worker.joined_at));
  to.setKey(wire::text_of(worker.key));
  to.setMeasures(worker.measures);
  to.setInjects(worker.injects);
  to.setPresets(worker.presets);
  to.setSimplifies(worker.simplifies);
  to.setScales(worker.scales);
  wire::write(to.initCapacity(), worker.capacity);
  if (worker.quarantine) write(to.initQuarantine(), *worker.quarantine);
  if (worker.distrust) write(to.initDistrust(), *worker.distrust);
  if (worker.residual == judge::Residual{}) return;
  auto residual = to.initResidual();
  residual.setComparisons(worker.residual.comparisons);
  residual.setSquares(worker.residual.squares);
  residual.setSum(worker.residual.sum);
}

namespace {

swarm::Quarantine read(schema::Worker::Quarantine::Reader from) {
  return {.why = wire::string_of(from.getWhy()), .at = from_ms(from.getAtMs())};
}

Result<judge::Residual> read(schema::Worker::Residual::Reader from) {
  SWARMLAB_TRY(squares, wire::finite("squares", from.getSquares()));
  SWARMLAB_TRY(sum, wire::finite("sum", from.getSum()));
  return judge::Residual{.comparisons = from.getComparisons(), .squares = squares, .sum = sum};
}

}  // namespace

Result<swarm::Worker> read(schema::Worker::Reader from) {
  swarm::Worker worker{.name = WorkerName(wire::string_of(from.getName())),
                       .host_class = wire::string_of(from.getHostClass()),
                       .slots = from.getSlots(),
                       .joined_at = from_ms(from.getJoinedAtMs()),
                       .capacity = wire::read(from.getCapacity()),
                       .key = wire::string_of(from.getKey()),
                       .measures = from.getMeasures(),
                       .scales = from.getScales(),
                       .injects = from.getInjects(),
                       .presets = from.getPresets(),
                       .simplifies = from.getSimplifies()};
  if (from.hasQuarantine()) worker.quarantine = read(from.getQuarantine());
  if (from.hasDistrust()) worker.distrust = read(from.getDistrust());
  SWARMLAB_TRY(residual, read(from.getResidual()));
  worker.residual = residual;
  if (worker.name.value().empty()) {
    return fail(ErrorCode::corrupt, "worker has no name, expected one");
  }
  return worker;
}

void write(schema::FrontierEntry::Builder to, const swarm::FrontierEntry& entry) {
  to.setNumber(entry.number.value());
  to.setScore(entry.score);
  to.setCommit(wire::data_of(entry.commit));
  to.setVisits(entry.visits);
  write(to.initParent(), entry.parent);
  wire::write(to.initLevel(), entry.level);
  to.setRuns(entry.runs);
  wire::write(to.initSize(), entry.size);
  write(to.initConcededFrom(), entry.conceded_from);
  write(to.initUndoes(), entry.undoes);
  write(to.initMerged(), entry.merged);
  auto others = to.initOthers(wire::length_of(entry.others));
  for (unsigned i = 0; i < others.size(); ++i) others.set(i, entry.others[i]);
  to.setDoubt(entry.doubt);
}

Result<swarm::FrontierEntry> read(schema::FrontierEntry::Reader from) {
  SWARMLAB_TRY(number, from_one("number", from.getNumber()));
  SWARMLAB_TRY(commit, wire::object_id_of("commit", from.getCommit()));
  if (!std::isfinite(from.getScore()) || !std::isfinite(from.getDoubt())) {
    return fail(ErrorCode::corrupt, "score of #{} is {}, expected a finite number", number,
                from.getScore());
  }
  SWARMLAB_TRY(level, wire::read("level", from.getLevel()));
  SWARMLAB_TRY(size, wire::read("size", from.getSize()));
  swarm::FrontierEntry entry{.number = ExperimentNumber(number),
                             .score = from.getScore(),
                             .commit = commit,
                             .visits = from.getVisits(),
                             .parent = read(from.getParent()),
                             .level = level.value_or(from.getScore()),
                             .runs = std::max<std::uint64_t>(1, from.getRuns()),
                             .size = size,
                             .conceded_from = read(from.getConcededFrom()),
                             .undoes = read(from.getUndoes()),
                             .merged = read(from.getMerged()),
                             .doubt = from.getDoubt()};
  for (const double one : from.getOthers()) {
    SWARMLAB_TRY(other, wire::finite("others", one));
    entry.others.push_back(other);
  }
  return entry;
}

schema::LabStatus to_schema(swarm::LabStatus status) {
  switch (status) {
    case swarm::LabStatus::running:
      return schema::LabStatus::RUNNING;
    case swarm::LabStatus::paused:
      return schema::LabStatus::PAUSED;
    case swarm::LabStatus::stopping:
      return schema::LabStatus::STOPPING;
    case swarm::LabStatus::stopped:
      break;
  }
  return schema::LabStatus::STOPPED;
}

Result<swarm::LabStatus> read(schema::LabStatus status) {
  switch (status) {
    case schema::LabStatus::RUNNING:
      return swarm::LabStatus::running;
    case schema::LabStatus::PAUSED:
      return swarm::LabStatus::paused;
    case schema::LabStatus::STOPPING:
      return swarm::LabStatus::stopping;
    case schema::LabStatus::STOPPED:
      return swarm::LabStatus::stopped;
  }
  return fail(ErrorCode::corrupt, "status is {}, which this build does not know",
              static_cast<unsigned>(status));
}

schema::LeaseEnd to_schema(swarm::LeaseEnd how) {
  switch (how) {
    case swarm::LeaseEnd::expired:
      return schema::LeaseEnd::EXPIRED;
    case swarm::LeaseEnd::worker_restarted:
      return schema::LeaseEnd::WORKER_RESTARTED;
    case swarm::LeaseEnd::worker_failed:
      return schema::LeaseEnd::WORKER_FAILED;
    case swarm::LeaseEnd::returned:
      break;
  }
  return schema::LeaseEnd::RETURNED;
}

Result<swarm::LeaseEnd> read(schema::LeaseEnd how) {
  switch (how) {
    case schema::LeaseEnd::EXPIRED:
      return swarm::LeaseEnd::expired;
    case schema::LeaseEnd::WORKER_RESTARTED:
      return swarm::LeaseEnd::worker_restarted;
    case schema::LeaseEnd::WORKER_FAILED:
      return swarm::LeaseEnd::worker_failed;
    case schema::LeaseEnd::RETURNED:
      return swarm::LeaseEnd::returned;
  }
  return fail(ErrorCode::corrupt, "how is {}, which this build does not know",
              static_cast<unsigned>(how));
}

// Whole records.

std::string to_bytes(const SwarmNumbers& numbers) {
  return wire::encode<schema::Swarm>([&](schema::Swarm::Builder to) {
    to.setNextLab(numbers.next_lab.value());
    to.setNextTask(numbers.next_task.value());
    to.setNextToken(numbers.next_token.value());
  });
}

Result<SwarmNumbers> numbers_from(std::string_view bytes) {
  return wire::decode<schema::Swarm>(
      "numbers", wire::bytes_of(bytes), [](schema::Swarm::Reader from) -> Result<SwarmNumbers> {
        SWARMLAB_TRY(next_lab, from_one("nextLab", from.getNextLab()));
        SWARMLAB_TRY(next_task, from_one("nextTask", from.getNextTask()));
        SWARMLAB_TRY(next_token, from_one("nextToken", from.getNextToken()));
        return SwarmNumbers{.next_lab = LabId(next_lab),
                            .next_task = TaskId(next_task),
                            .next_token = FencingToken(next_token)};
      });
}

std::string to_bytes(const swarm::Worker& worker) {
  return wire::encode<schema::Worker>([&](schema::Worker::Builder to) { write(to, worker); });
}

Result<swarm::Worker> worker_from(std::string_view bytes) {
  return wire::decode<schema::Worker>("worker", wire::bytes_of(bytes),
                                      [](schema::Worker::Reader from) { return read(from); });
}

}  // namespace swarmlab::store
