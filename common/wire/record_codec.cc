#include "common/wire/record_codec.h"

#include "common/wire/lab_codec.h"
#include "common/wire/resources_codec.h"

namespace swarmlab::wire {
namespace {

// For each of the unions that hold an experiment's number or none.
template <class Union>
void write_number(Union to, const std::optional<ExperimentNumber>& number) {
  if (number) {
    to.setNumber(number->value());
  } else {
    to.setNone();
  }
}

template <class Group>
Result<std::optional<ExperimentNumber>> read_number(std::string_view where,
                                                    typename Group::Reader from) {
  switch (from.which()) {
    case Group::NONE:
      return std::optional<ExperimentNumber>();
    case Group::NUMBER:
      return std::optional(ExperimentNumber(from.getNumber()));
  }
  return fail(ErrorCode::corrupt, "{} is neither a number nor none", where);
}

void write_tokens(capnp::List<std::uint64_t>::Builder to, const std::vector<FencingToken>& tokens) {
  unsigned i = 0;
  for (const FencingToken token : tokens) to.set(i++, token.value());
}

Timestamp timestamp_of(std::int64_t ms) {
  return Timestamp(Milliseconds(ms));
}

void write(schema::Comparison::Builder to, const Comparison& comparison) {
  to.setCandidate(data_of(comparison.candidate));
  to.setReference(data_of(comparison.reference));
  to.setPair(comparison.pair);
}

Result<std::optional<Comparison>> read_comparison(schema::Assignment::Reader from) {
  if (!from.hasComparison()) return std::optional<Comparison>();
  const auto comparison = from.getComparison();
  SWARMLAB_TRY(candidate, object_id_of("candidate", comparison.getCandidate()));
  SWARMLAB_TRY(reference, object_id_of("reference", comparison.getReference()));
  return std::optional(
      Comparison{.candidate = candidate, .reference = reference, .pair = comparison.getPair()});
}

// What repeated runs said of it.
Result<void> read_judgement(schema::Experiment::Reader from, Experiment& experiment) {
  const auto judged = from.getJudgedScore();
  if (judged.isScore()) {
    SWARMLAB_TRY(score, finite("judgedScore", judged.getScore()));
    experiment.judged_score = score;
  }
  if (from.hasEvidence()) {
    SWARMLAB_TRY(evidence, read(from.getEvidence()));
    experiment.evidence = evidence;
  }
  if (const auto size = from.getSize(); size.isValue()) {
    SWARMLAB_TRY(value, finite("size", size.getValue()));
    experiment.size = value;
  }
  if (const auto mad = from.getMadConfidence(); mad.isValue()) {
    SWARMLAB_TRY(value, finite("madConfidence", mad.getValue()));
    experiment.mad_confidence = value;
  }
  experiment.simpler = from.getSimpler();
  if (from.getUndoes() != 0) experiment.undoes = ExperimentNumber(from.getUndoes());
  for (const std::uint64_t token : from.getMeasuredUnder()) {
    experiment.measured_under.emplace_back(token);
  }
  return {};
}

// What people did with it, and what it is like.
Result<void> read_marks(schema::Experiment::Reader from, Experiment& experiment) {
  if (from.hasInjection()) {
    SWARMLAB_TRY(injection, read(from.getInjection()));
    experiment.injection = std::move(injection);
  }
  if (from.hasRejection()) experiment.rejection = read(from.getRejection());
  if (from.hasNearDuplicate()) {
    SWARMLAB_TRY(near, read(from.getNearDuplicate()));
    experiment.near_duplicate = near;
  }
  return {};
}

// What is known of it where a lab has several metrics.
Result<void> read_further_metrics(schema::Experiment::Reader from, Experiment& experiment) {
  for (const double one : from.getOtherScores()) {
    SWARMLAB_TRY(score, finite("otherScores", one));
    experiment.other_scores.push_back(score);
  }
  for (const auto one : from.getOtherEvidence()) {
    SWARMLAB_TRY(evidence, read(one));
    experiment.other_evidence.push_back(std::move(evidence));
  }
  if (from.getHypervolume().isValue()) {
    SWARMLAB_TRY(hypervolume, finite("hypervolume", from.getHypervolume().getValue()));
    experiment.hypervolume = hypervolume;
  }
  return {};
}

void write_further_metrics(schema::Experiment::Builder to, const Experiment& experiment) {
  auto scores = to.initOtherScores(length_of(experiment.other_scores));
  for (unsigned i = 0; i < scores.size(); ++i) scores.set(i, experiment.other_scores[i]);
  auto evidence = to.initOtherEvidence(length_of(experiment.other_evidence));
  for (unsigned i = 0; i < evidence.size(); ++i)
    wire::write(evidence[i], experiment.other_evidence[i]);
  if (experiment.hypervolume) wire::write(to.initHypervolume(), experiment.hypervolume);
}

// Where an experiment came from.
Result<Experiment> read_origin(schema::Experiment::Reader from) {
  SWARMLAB_TRY(kind, read(from.getKind()));
  SWARMLAB_TRY(parent, read_number<schema::Experiment::Parent>("parent", from.getParent()));
  SWARMLAB_TRY(parent_commit, object_id_of("parentCommit", from.getParentCommit()));
  Experiment experiment;
  experiment.lab = LabId(from.getLab());
  experiment.number = ExperimentNumber(from.getNumber());
  experiment.task = TaskId(from.getTask());
  experiment.kind = kind;
  experiment.segment = SegmentNumber(from.getSegment());
  experiment.parent = parent;
  if (from.getMergedWith() != 0) {
    experiment.merged_with = ExperimentNumber(from.getMergedWith());
  }
  experiment.parent_commit = parent_commit;
  experiment.picked_because = string_of(from.getPickedBecause());
  return experiment;
}

// What became of it.
Result<void> read_result(schema::Experiment::Reader from, Experiment& experiment) {
  SWARMLAB_TRY(verdict, read(from.getVerdict()));
  SWARMLAB_TRY(commit, maybe_object_id_of("commit", from.getCommit()));
  SWARMLAB_TRY(tree, maybe_object_id_of("tree", from.getTree()));
  SWARMLAB_TRY(duplicate_of,
               read_number<schema::Experiment::DuplicateOf>("duplicateOf", from.getDuplicateOf()));
  SWARMLAB_TRY(measurements, read(from.getMeasurements()));
  SWARMLAB_TRY(notes, read(from.getNotes()));
  experiment.verdict = verdict;
  experiment.reason = string_of(from.getReason());
  experiment.commit = commit;
  experiment.tree = tree;
  experiment.duplicate_of = duplicate_of;
  experiment.paths = read_texts(from.getPaths());
  experiment.measurements = std::move(measurements);
  experiment.notes = std::move(notes);
  return {};
}

}  // namespace

void write(capnp::List<schema::PastLease>::Builder to, const std::vector<PastLease>& leases) {
  unsigned i = 0;
  for (const PastLease& lease : leases) {
    to[i].setToken(lease.token.value());
    to[i].setWorker(text_of(lease.worker.value()));
    to[i].setKey(text_of(lease.key));
    ++i;
  }
}

std::vector<PastLease> read(capnp::List<schema::PastLease>::Reader from) {
  std::vector<PastLease> leases;
  leases.reserve(from.size());
  for (const auto lease : from) {
    leases.push_back({.token = FencingToken(lease.getToken()),
                      .worker = WorkerName(string_of(lease.getWorker())),
                      .key = string_of(lease.getKey())});
  }
  return leases;
}

void write(schema::Experiment::Builder to, const Experiment& experiment) {
  to.setLab(experiment.lab.value());
  to.setNumber(experiment.number.value());
  to.setTask(experiment.task.value());
  to.setKind(to_schema(experiment.kind));
  to.setSegment(experiment.segment.value());
  write_number(to.getParent(), experiment.parent);
  if (experiment.merged_with) to.setMergedWith(experiment.merged_with->value());
  to.setParentCommit(data_of(experiment.parent_commit));
  to.setPickedBecause(text_of(experiment.picked_because));
  to.setVerdict(to_schema(experiment.verdict));
  to.setReason(text_of(experiment.reason));
  to.setCommit(data_of(experiment.commit));
  to.setTree(data_of(experiment.tree));
  write_number(to.getDuplicateOf(), experiment.duplicate_of);
  write_texts(to.initPaths(length_of(experiment.paths)), experiment.paths);
  write(to.initMeasurements(length_of(experiment.measurements)), experiment.measurements);
  if (experiment.judged_score) to.getJudgedScore().setScore(*experiment.judged_score);
  if (experiment.evidence) write(to.initEvidence(), *experiment.evidence);
  if (experiment.size) to.getSize().setValue(*experiment.size);
  to.setSimpler(experiment.simpler);
  if (experiment.undoes) to.setUndoes(experiment.undoes->value());
  if (experiment.mad_confidence) to.getMadConfidence().setValue(*experiment.mad_confidence);
  write_tokens(to.initMeasuredUnder(length_of(experiment.measured_under)),
               experiment.measured_under);
  write_further_metrics(to, experiment);
  to.setReworks(experiment.reworks);
  write(to.initNotes(), experiment.notes);
  to.setWorker(text_of(experiment.worker.value()));
  to.setHostClass(text_of(experiment.host_class));
  to.setToken(experiment.token.value());
  write_tokens(to.initCharged(length_of(experiment.charged)), experiment.charged);
  to.setAttempts(experiment.attempts);
  write(to.initCost(), experiment.cost);
  to.setStartedAtMs(experiment.started_at.time_since_epoch().count());
  to.setEndedAtMs(experiment.ended_at.time_since_epoch().count());
  write(to.initStages(length_of(experiment.stages)), experiment.stages);
  write(to.initPastLeases(length_of(experiment.past_leases)), experiment.past_leases);
  if (experiment.injection) write(to.initInjection(), *experiment.injection);
  if (experiment.rejection) write(to.initRejection(), *experiment.rejection);
  if (experiment.near_duplicate) write(to.initNearDuplicate(), *experiment.near_duplicate);
  if (experiment.agent) write(to.initAgent(), *experiment.agent);
}

Result<Experiment> read(schema::Experiment::Reader from) {
  SWARMLAB_TRY(experiment, read_origin(from));
  SWARMLAB_CHECK(read_result(from, experiment));
  SWARMLAB_CHECK(read_judgement(from, experiment));
  SWARMLAB_CHECK(read_marks(from, experiment));
  SWARMLAB_CHECK(read_further_metrics(from, experiment));
  experiment.reworks = from.getReworks();
  SWARMLAB_TRY(stages, read(from.getStages()));
  experiment.worker = WorkerName(string_of(from.getWorker()));
  experiment.host_class = string_of(from.getHostClass());
  experiment.token = FencingToken(from.getToken());
  for (const std::uint64_t token : from.getCharged()) experiment.charged.emplace_back(token);
  experiment.attempts = from.getAttempts();
  experiment.cost = read(from.getCost());
  experiment.started_at = timestamp_of(from.getStartedAtMs());
  experiment.ended_at = timestamp_of(from.getEndedAtMs());
  experiment.stages = std::move(stages);
  experiment.past_leases = read(from.getPastLeases());
  if (from.hasAgent()) {
    SWARMLAB_TRY(agent, read(from.getAgent()));
    experiment.agent = std::move(agent);
  }
  return std::move(experiment);
}

void write(schema::MergeWith::Builder to, const MergeWith& merge) {
  to.setOther(merge.other.value());
  to.setCommit(data_of(merge.commit));
  to.setBase(data_of(merge.base));
}

Result<MergeWith> read(schema::MergeWith::Reader from) {
  SWARMLAB_TRY(commit, object_id_of("commit", from.getCommit()));
  SWARMLAB_TRY(base, object_id_of("base", from.getBase()));
  return MergeWith{.other = ExperimentNumber(from.getOther()), .commit = commit, .base = base};
}

void write(schema::Assignment::Builder to, const Assignment& assignment) {
  to.setTask(assignment.task.value());
  to.setToken(assignment.token.value());
  to.setLab(assignment.lab.value());
  to.setExperiment(assignment.experiment.value());
  to.setKind(to_schema(assignment.kind));
  write_number(to.getParent(), assignment.parent);
  to.setParentCommit(data_of(assignment.parent_commit));
  to.setLabCommit(data_of(assignment.lab_commit));
  to.setEvaluatorHash(data_of(assignment.evaluator_hash));
  to.setDataHash(data_of(assignment.data_hash));
  to.setLeaseMs(assignment.lease.count());
  write(to.initSettings(), assignment.settings);
  to.setBrief(text_of(assignment.briefing.brief));
  to.setResults(text_of(assignment.briefing.results));
  write(to.initTakes(), assignment.takes);
  to.setRepeats(assignment.repeats);
  if (assignment.comparison) write(to.initComparison(), *assignment.comparison);
  if (assignment.merge) write(to.initMerge(), *assignment.merge);
  if (assignment.candidate) to.setCandidate(data_of(*assignment.candidate));
}

Result<Assignment> read(schema::Assignment::Reader from) {
  SWARMLAB_TRY(kind, read(from.getKind()));
  SWARMLAB_TRY(parent, read_number<schema::Assignment::Parent>("parent", from.getParent()));
  SWARMLAB_TRY(parent_commit, object_id_of("parentCommit", from.getParentCommit()));
  SWARMLAB_TRY(lab_commit, object_id_of("labCommit", from.getLabCommit()));
  SWARMLAB_TRY(evaluator_hash, object_id_of("evaluatorHash", from.getEvaluatorHash()));
  SWARMLAB_TRY(data_hash, object_id_of("dataHash", from.getDataHash()));
  SWARMLAB_TRY(settings, read(from.getSettings()));
  SWARMLAB_TRY(comparison, read_comparison(from));
  std::optional<MergeWith> merge;
  if (from.hasMerge()) {
    SWARMLAB_TRY(with, read(from.getMerge()));
    merge = with;
  }
  SWARMLAB_TRY(candidate, maybe_object_id_of("candidate", from.getCandidate()));
  return Assignment{
      .task = TaskId(from.getTask()),
      .token = FencingToken(from.getToken()),
      .lab = LabId(from.getLab()),
      .experiment = ExperimentNumber(from.getExperiment()),
      .kind = kind,
      .parent = parent,
      .parent_commit = parent_commit,
      .lab_commit = lab_commit,
      .evaluator_hash = evaluator_hash,
      .data_hash = data_hash,
      .lease = Milliseconds(from.getLeaseMs()),
      .takes = read(from.getTakes()),
      .settings = std::move(settings),
      .repeats = from.getRepeats(),
      .comparison = comparison,
      .merge = merge,
      .candidate = candidate,
      .briefing = {.brief = string_of(from.getBrief()), .results = string_of(from.getResults())}};
}

}  // namespace swarmlab::wire
