// The parts that experiments and reports share.
#include "common/wire/record_codec.h"

namespace swarmlab::wire {

schema::Verdict to_schema(Verdict verdict) {
  return to_schema_enum<schema::Verdict>(verdict);
}

schema::TaskKind to_schema(TaskKind kind) {
  return to_schema_enum<schema::TaskKind>(kind);
}

Result<Verdict> read(schema::Verdict verdict) {
  return from_schema_enum("verdict", verdict, Verdict::invalid);
}

Result<TaskKind> read(schema::TaskKind kind) {
  return from_schema_enum("kind", kind, TaskKind::simplify);
}

void write(schema::AgentNotes::Builder to, const AgentNotes& notes) {
  to.setHypothesis(text_of(notes.hypothesis));
  to.setMechanism(text_of(notes.mechanism));
  if (notes.mechanism_confirmed) {
    to.getMechanismConfirmed().setSaid(*notes.mechanism_confirmed);
  } else {
    to.getMechanismConfirmed().setUnsaid();
  }
  to.setNotes(text_of(notes.notes));
  write_texts(to.initIdeas(length_of(notes.ideas)), notes.ideas);
}

Result<AgentNotes> read(schema::AgentNotes::Reader from) {
  AgentNotes notes{.hypothesis = string_of(from.getHypothesis()),
                   .mechanism = string_of(from.getMechanism()),
                   .mechanism_confirmed = std::nullopt,
                   .notes = string_of(from.getNotes()),
                   .ideas = read_texts(from.getIdeas())};
  const auto confirmed = from.getMechanismConfirmed();
  switch (confirmed.which()) {
    case schema::AgentNotes::MechanismConfirmed::UNSAID:
      return notes;
    case schema::AgentNotes::MechanismConfirmed::SAID:
      notes.mechanism_confirmed = confirmed.getSaid();
      return notes;
  }
  return fail(ErrorCode::corrupt, "mechanismConfirmed is neither said nor unsaid");
}

void write(schema::Evidence::Builder to, const Evidence& evidence) {
  to.setReference(evidence.reference.value());
  to.setReferenceScore(evidence.reference_score);
  to.setPairs(evidence.pairs);
  to.setGain(evidence.gain);
  to.setLow(evidence.low);
  to.setHigh(evidence.high);
  to.setConfidence(evidence.confidence);
  to.setMetric(text_of(evidence.metric));
}

Result<Evidence> read(schema::Evidence::Reader from) {
  SWARMLAB_TRY(reference_score, finite("referenceScore", from.getReferenceScore()));
  SWARMLAB_TRY(gain, finite("gain", from.getGain()));
  SWARMLAB_TRY(low, finite("low", from.getLow()));
  SWARMLAB_TRY(high, finite("high", from.getHigh()));
  SWARMLAB_TRY(confidence, finite("confidence", from.getConfidence()));
  return Evidence{.reference = ExperimentNumber(from.getReference()),
                  .reference_score = reference_score,
                  .pairs = from.getPairs(),
                  .gain = gain,
                  .low = low,
                  .high = high,
                  .confidence = confidence,
                  .metric = string_of(from.getMetric())};
}

void write(capnp::List<schema::Measurement>::Builder to, const std::vector<Measurement>& runs) {
  unsigned i = 0;
  for (const Measurement& one : runs) write(to[i++], one);
}

Result<std::vector<Measurement>> read(capnp::List<schema::Measurement>::Reader from) {
  std::vector<Measurement> runs;
  runs.reserve(from.size());
  for (const auto one : from) {
    SWARMLAB_TRY(run, read(one));
    runs.push_back(std::move(run));
  }
  return runs;
}

void write(schema::Measurement::Builder to, const Measurement& measurement) {
  const ScoreIdentity& identity = measurement.identity;
  to.setEvaluator(data_of(identity.evaluator));
  to.setData(data_of(identity.data));
  to.setTree(data_of(identity.tree));
  to.setScale(text_of(identity.scale));
  to.setHostClass(text_of(identity.host_class));
  to.setRepeat(identity.repeat);
  to.setScore(measurement.score);
  auto metrics = to.initMetrics(length_of(measurement.metrics));
  unsigned i = 0;
  for (const MetricValue& metric : measurement.metrics) {
    auto one = metrics[i++];
    one.setName(text_of(metric.name));
    one.setValue(metric.value);
  }
  to.setTookMs(measurement.took.count());
  to.setWorker(text_of(measurement.worker.value()));
}

Result<Measurement> read(schema::Measurement::Reader from) {
  SWARMLAB_TRY(evaluator, object_id_of("evaluator", from.getEvaluator()));
  SWARMLAB_TRY(data, object_id_of("data", from.getData()));
  SWARMLAB_TRY(tree, object_id_of("tree", from.getTree()));
  SWARMLAB_TRY(score, finite("score", from.getScore()));
  std::vector<MetricValue> metrics;
  metrics.reserve(from.getMetrics().size());
  for (const auto metric : from.getMetrics()) {
    SWARMLAB_TRY(value, finite("metric", metric.getValue()));
    metrics.push_back({.name = string_of(metric.getName()), .value = value});
  }
  return Measurement{.identity = {.evaluator = evaluator,
                                  .data = data,
                                  .tree = tree,
                                  .scale = string_of(from.getScale()),
                                  .host_class = string_of(from.getHostClass()),
                                  .repeat = from.getRepeat()},
                     .score = score,
                     .metrics = std::move(metrics),
                     .took = Milliseconds(from.getTookMs()),
                     .worker = WorkerName(string_of(from.getWorker()))};
}

void write(schema::Cost::Builder to, const Cost& cost) {
  to.setMicroUsd(cost.usd.value());
  to.setInputTokens(cost.input_tokens);
  to.setOutputTokens(cost.output_tokens);
}

Cost read(schema::Cost::Reader from) {
  return {.usd = MicroUsd(from.getMicroUsd()),
          .input_tokens = from.getInputTokens(),
          .output_tokens = from.getOutputTokens()};
}

void write(capnp::List<schema::StageTime>::Builder to, const std::vector<StageTime>& stages) {
  unsigned i = 0;
  for (const StageTime& stage : stages) {
    auto one = to[i++];
    one.setStage(to_schema_enum<schema::Stage>(stage.stage));
    one.setTookUs(stage.took.count());
  }
}

Result<std::vector<StageTime>> read(capnp::List<schema::StageTime>::Reader from) {
  std::vector<StageTime> stages;
  stages.reserve(from.size());
  for (const auto one : from) {
    SWARMLAB_TRY(stage, from_schema_enum("stage", one.getStage(), Stage::total));
    stages.push_back({.stage = stage, .took = std::chrono::microseconds(one.getTookUs())});
  }
  return stages;
}

}  // namespace swarmlab::wire
