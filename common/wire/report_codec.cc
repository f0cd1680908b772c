// Reports and what travels with them.
#include "common/wire/record_codec.h"

namespace swarmlab::wire {

void write(schema::Report::Builder to, const Report& report) {
  to.setTask(report.task.value());
  to.setToken(report.token.value());
  to.setLab(report.lab.value());
  to.setExperiment(report.experiment.value());
  to.setOutcome(to_schema_enum<schema::Outcome>(report.outcome));
  to.setReason(text_of(report.reason));
  to.setCommit(data_of(report.commit));
  to.setTree(data_of(report.tree));
  write_texts(to.initPaths(length_of(report.paths)), report.paths);
  if (report.measurement) write(to.initMeasurement(), *report.measurement);
  write(to.initNotes(), report.notes);
  to.setHostClass(text_of(report.host_class));
  write(to.initCost(), report.cost);
  write(to.initStages(length_of(report.stages)), report.stages);
  to.setOwnFailure(report.own_failure);
  to.setReworks(report.reworks);
  write(to.initMore(length_of(report.more)), report.more);
  if (report.near_duplicate) write(to.initNearDuplicate(), *report.near_duplicate);
  if (report.agent) write(to.initAgent(), *report.agent);
}

Result<Report> read(schema::Report::Reader from) {
  SWARMLAB_TRY(outcome, from_schema_enum("outcome", from.getOutcome(), Outcome::returned));
  SWARMLAB_TRY(commit, maybe_object_id_of("commit", from.getCommit()));
  SWARMLAB_TRY(tree, maybe_object_id_of("tree", from.getTree()));
  SWARMLAB_TRY(notes, read(from.getNotes()));
  SWARMLAB_TRY(stages, read(from.getStages()));
  SWARMLAB_TRY(more, read(from.getMore()));
  std::optional<Measurement> measurement;
  if (from.hasMeasurement()) {
    SWARMLAB_TRY(measured, read(from.getMeasurement()));
    measurement = std::move(measured);
  }
  std::optional<NearDuplicate> near_duplicate;
  if (from.hasNearDuplicate()) {
    SWARMLAB_TRY(near, read(from.getNearDuplicate()));
    near_duplicate = near;
  }
  std::optional<AgentRun> agent;
  if (from.hasAgent()) {
    SWARMLAB_TRY(run, read(from.getAgent()));
    agent = std::move(run);
  }
  return Report{.task = TaskId(from.getTask()),
                .token = FencingToken(from.getToken()),
                .lab = LabId(from.getLab()),
                .experiment = ExperimentNumber(from.getExperiment()),
                .outcome = outcome,
                .reason = string_of(from.getReason()),
                .commit = commit,
                .tree = tree,
                .paths = read_texts(from.getPaths()),
                .measurement = std::move(measurement),
                .more = std::move(more),
                .notes = std::move(notes),
                .host_class = string_of(from.getHostClass()),
                .cost = read(from.getCost()),
                .stages = std::move(stages),
                .own_failure = from.getOwnFailure(),
                .near_duplicate = near_duplicate,
                .reworks = from.getReworks(),
                .agent = std::move(agent)};
}

void write(schema::Attachments::Builder to, const Attachments& attachments) {
  auto samples = to.initSamples(length_of(attachments.samples));
  unsigned i = 0;
  for (const SampleScore& sample : attachments.samples) {
    auto one = samples[i++];
    one.setId(text_of(sample.id));
    one.setScore(sample.score);
    one.setError(text_of(sample.error));
    one.setExtra(text_of(sample.extra));
  }
  to.setAgentLog(data_of(std::string_view(attachments.agent_log)));
  to.setGuardLog(data_of(std::string_view(attachments.guard_log)));
  to.setEvaluatorLog(data_of(std::string_view(attachments.evaluator_log)));
  to.setSketch(data_of(std::string_view(attachments.sketch)));
  if (!attachments.transcript.empty()) write(to.initTranscript(), attachments.transcript);
}

Result<Attachments> read(schema::Attachments::Reader from) {
  Attachments attachments{.samples = {},
                          .agent_log = string_of(from.getAgentLog()),
                          .guard_log = string_of(from.getGuardLog()),
                          .evaluator_log = string_of(from.getEvaluatorLog()),
                          .sketch = string_of(from.getSketch())};
  SWARMLAB_TRY(transcript, read(from.getTranscript()));
  attachments.transcript = std::move(transcript);
  attachments.samples.reserve(from.getSamples().size());
  for (const auto sample : from.getSamples()) {
    attachments.samples.push_back({.id = string_of(sample.getId()),
                                   .score = sample.getScore(),
                                   .error = string_of(sample.getError()),
                                   .extra = string_of(sample.getExtra())});
  }
  return attachments;
}

}  // namespace swarmlab::wire
