#include "coordinator/server/views.h"

#include <algorithm>
#include <cmath>

#include "common/model/names.h"
#include "common/wire/json_codec.h"
#include "common/wire/lab_codec.h"
#include "coordinator/server/agent_views.h"
#include "coordinator/server/ladder_view.h"
#include "coordinator/server/metric_views.h"
#include "coordinator/swarm/choose.h"
#include "coordinator/swarm/find.h"
#include "coordinator/swarm/rejected.h"

namespace swarmlab::server {
namespace {

template <class Number>
std::uint32_t count(Number value) {
  constexpr std::uint64_t kMost = 0xffffffffU;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, kMost));
}

double usd(MicroUsd cost) {
  return static_cast<double>(cost.value()) / 1e6;
}

double milliseconds(std::chrono::microseconds took) {
  return static_cast<double>(took.count()) / 1e3;
}

std::uint32_t leased(const swarm::State& state, LabId lab) {
  return count(std::ranges::count_if(state.tasks, [lab](const auto& task) {
    return task.second.lab == lab && task.second.lease && makes_experiment(task.second.kind);
  }));
}

void write_metrics(capnp::List<schema::NamedNumber>::Builder to,
                   const std::vector<MetricValue>& metrics) {
  for (unsigned i = 0; i < metrics.size(); ++i) {
    to[i].setName(metrics[i].name.c_str());
    to[i].setValue(metrics[i].value);
  }
}

void write_strings(capnp::List<capnp::Text>::Builder to, const std::vector<std::string>& texts) {
  for (unsigned i = 0; i < texts.size(); ++i) to.set(i, texts[i].c_str());
}

void write_measurement(schema::MeasurementView::Builder to, const Measurement& measurement) {
  wire::write(to.initScore(), measurement.score);
  write_metrics(to.initMetrics(count(measurement.metrics.size())), measurement.metrics);
  to.setScale(measurement.identity.scale.c_str());
  to.setHostClass(measurement.identity.host_class.c_str());
  to.setRepeat(measurement.identity.repeat);
  to.setWorker(measurement.worker.value().c_str());
  to.setTookMs(static_cast<double>(measurement.took.count()));
  to.setEvaluatorHash(measurement.identity.evaluator.hex().c_str());
  if (!measurement.identity.data.is_zero()) to.setDataHash(measurement.identity.data.hex().c_str());
  to.setTree(measurement.identity.tree.hex().c_str());
}

std::optional<std::uint32_t> number_of(const std::optional<ExperimentNumber>& number) {
  if (!number) return std::nullopt;
  return count(number->value());
}

void write_notes(schema::ExperimentView::Builder to, const AgentNotes& notes) {
  to.setHypothesis(notes.hypothesis.c_str());
  to.setMechanism(notes.mechanism.c_str());
  wire::write(to.initMechanismConfirmed(), notes.mechanism_confirmed);
  to.setNotes(notes.notes.c_str());
  write_strings(to.initIdeas(count(notes.ideas.size())), notes.ideas);
}

// The nearest lab above it: whose experiment it began with, else by the names.
std::string parent_of(const swarm::State& state, const swarm::Lab& lab) {
  if (lab.origin) return state.labs.at(lab.origin->parent).settings.name;
  std::string nearest;
  for (const auto& [id, other] : state.labs) {
    const std::string& name = other.settings.name;
    if (name.size() > nearest.size() && swarm::is_below(lab.settings.name, name)) nearest = name;
  }
  return nearest;
}

std::vector<std::string> parts_of(std::string_view name) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    parts.emplace_back(name.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

// Where it is in the tree of labs.
void write_place(schema::LabView::Builder to, const swarm::State& state, const swarm::Lab& lab) {
  to.setParent(parent_of(state, lab).c_str());
  const std::vector<std::string> path = parts_of(lab.settings.name);
  write_strings(to.initPath(count(path.size())), path);
  if (!lab.origin) return;
  wire::write(to.initBranchedFrom(), count(lab.origin->experiment.value()));
  write_strings(to.initSet(count(lab.origin->set.size())), lab.origin->set);
}

// What further experiments can be expected to bring, before and whether or not a limit looks at it.
void write_prospects(schema::LabView::Builder to, const swarm::Lab& lab) {
  const std::uint64_t experiments = lab.settings.stop.expected_gain.experiments;
  to.setGainExperiments(count(experiments));
  if (!lab.best) return;
  wire::write(to.initGainChance(), judge::chance_within(lab.prospects, experiments));
  wire::write(to.initGainPerExperiment(), judge::gain_per_experiment(lab.prospects));
  wire::write(to.initGainPerDollar(), judge::gain_per_dollar(lab.prospects));
}

}  // namespace

std::string_view name_of(swarm::LabStatus status) {
  switch (status) {
    case swarm::LabStatus::running:
      return "running";
    case swarm::LabStatus::paused:
      return "paused";
    case swarm::LabStatus::stopping:
      return "stopping";
    case swarm::LabStatus::stopped:
      return "stopped";
  }
  return "unknown";
}

void write_view(schema::LabView::Builder to, const swarm::State& state, const swarm::Lab& lab,
                Timestamp now) {
  to.setName(lab.settings.name.c_str());
  to.setState(std::string(name_of(lab.status)).c_str());
  to.setExperiments(count(lab.counters.experiments));
  to.setIterations(count(lab.counters.iterations));
  const auto kept = lab.counters.by_verdict.find(Verdict::keep);
  to.setKept(kept == lab.counters.by_verdict.end() ? 0 : count(kept->second));
  if (lab.best) {
    wire::write(to.initBest(), lab.best->level);
    wire::write(to.initBestExperiment(), count(lab.best->number.value()));
    wire::write(to.initBestSize(), lab.best->size);
    to.setBestRuns(count(lab.best->runs));
    wire::write(to.initMadConfidence(), judge::mad_confidence(lab.learned.scores, lab.best->score));
  }
  write_prospects(to, lab);
  if (const auto base = lab.frontier.find(lab.segment.baseline); base != lab.frontier.end())
    wire::write(to.initBaseline(), base->second.score);
  to.setRunning(leased(state, lab.id));
  to.setStopReason(lab.stop_reason.c_str());
  to.setMetric(lab.settings.metric.name.c_str());
  to.setDirection(std::string(swarmlab::name_of(lab.settings.metric.direction)).c_str());
  auto verdicts = to.initVerdicts(count(lab.counters.by_verdict.size()));
  unsigned i = 0;
  for (const auto& [verdict, times] : lab.counters.by_verdict) {
    verdicts[i].setName(std::string(swarmlab::name_of(verdict)).c_str());
    verdicts[i++].setValue(static_cast<double>(times));
  }
  to.setSpentUsd(usd(lab.budget.spent));
  to.setMaxIterations(count(lab.settings.stop.max_iterations));
  to.setSegment(count(lab.segment.number.value()));
  to.setFolder(lab.settings.folder.c_str());
  to.setLabCommit(lab.segment.lab_commit.hex().c_str());
  to.setPolicy(std::string(swarmlab::name_of(lab.settings.policy)).c_str());
  Milliseconds active = lab.budget.active;
  if (lab.budget.running_since) active += now - *lab.budget.running_since;
  to.setActiveMs(static_cast<double>(active.count()));
  to.setMaxParallel(lab.settings.max_parallel);
  to.setWeight(lab.settings.weight);
  to.setWaiting(swarm::why_waiting(state, lab, now).c_str());
  to.setHints(count(lab.hints.size()));
  write_metrics(to, state, lab);
  write_place(to, state, lab);
  write_ladder(to, lab);
  write_provider(to, lab);
}

void write_view(schema::SteeredList::Builder to, const swarm::State& state,
                const swarm::LabsSteered& steered) {
  auto labs = to.initLabs(count(steered.labs.size()));
  for (unsigned i = 0; i < steered.labs.size(); ++i) {
    const swarm::LabsSteered::One& one = steered.labs[i];
    labs[i].setLab(state.labs.at(one.lab).settings.name.c_str());
    labs[i].setBefore(std::string(name_of(one.before)).c_str());
    labs[i].setAfter(std::string(name_of(one.after)).c_str());
    labs[i].setWhy(one.why.c_str());
  }
}

void write_view(schema::WorkerView::Builder to, const swarm::State& state,
                const swarm::Worker& worker, Timestamp now) {
  constexpr auto kSilent = std::chrono::seconds(15);
  to.setName(worker.name.value().c_str());
  to.setHostClass(worker.host_class.c_str());
  to.setSlots(worker.slots);
  to.setBusy(count(std::ranges::count_if(state.tasks, [&](const auto& task) {
    return task.second.lease && task.second.lease->worker == worker.name;
  })));
  to.setCpus(static_cast<double>(worker.capacity.cpu_millis) / 1e3);
  to.setMemoryBytes(static_cast<double>(worker.capacity.memory_bytes));
  write_strings(to.initGpus(count(worker.capacity.gpus.size())), worker.capacity.gpus);
  write_strings(to.initLabels(count(worker.capacity.labels.size())), worker.capacity.labels);
  const auto tasks = runs_of(state, worker.name);
  auto runs = to.initRuns(count(tasks.size()));
  for (unsigned i = 0; i < runs.size(); ++i) write_view(runs[i], state, *tasks[i]);
  if (worker.quarantine) {
    to.setQuarantine(worker.quarantine->why.c_str());
    wire::write(to.initQuarantinedAt(), worker.quarantine->at);
  }
  if (worker.distrust) {
    to.setDistrust(worker.distrust->why.c_str());
    wire::write(to.initDistrustedAt(), worker.distrust->at);
  }
  to.setComparisons(static_cast<double>(worker.residual.comparisons));
  if (worker.residual.comparisons > 0) {
    wire::write(to.initResidual(), judge::mean_square(worker.residual));
  }
  const auto seen = state.presence.workers.find(worker.name);
  if (seen == state.presence.workers.end()) {
    to.setState("gone");
    return;
  }
  const auto ago = now - seen->second.last;
  to.setState(seen->second.leaving ? "leaving"
              : ago > kSilent      ? "silent"
              : worker.quarantine  ? "quarantined"
                                   : "ready");
  wire::write(to.initLastSeenSecondsAgo(), static_cast<double>(ago.count()) / 1e3);
}

namespace {

void write_evidence(schema::ExperimentView::Builder to, const Experiment& experiment) {
  const std::optional<Evidence>& evidence = experiment.evidence;
  std::optional<ExperimentNumber> reference;
  if (evidence) reference = evidence->reference;
  wire::write(to.initComparedWith(), number_of(reference));
  if (!evidence) return;
  to.setPairs(evidence->pairs);
  wire::write(to.initGain(), evidence->gain);
  wire::write(to.initGainLow(), evidence->low);
  wire::write(to.initGainHigh(), evidence->high);
  wire::write(to.initConfidence(), evidence->confidence);
}

void write_measurements(schema::ExperimentView::Builder to, const std::vector<Measurement>& runs) {
  auto measurements = to.initMeasurements(count(runs.size()));
  for (unsigned i = 0; i < runs.size(); ++i) write_measurement(measurements[i], runs[i]);
}

}  // namespace

void write_view(schema::ExperimentView::Builder to, const swarm::Lab& lab,
                const Experiment& experiment) {
  to.setNumber(count(experiment.number.value()));
  to.setLab(lab.settings.name.c_str());
  wire::write(to.initParent(), number_of(experiment.parent));
  wire::write(to.initMergedWith(), number_of(experiment.merged_with));
  to.setVerdict(std::string(swarmlab::name_of(experiment.verdict)).c_str());
  to.setKind(std::string(swarmlab::name_of(experiment.kind)).c_str());
  to.setSegment(count(experiment.segment.value()));
  wire::write(to.initScore(), experiment.score());
  to.setScale(lab.settings.scale.c_str());
  if (!experiment.measurements.empty()) {
    const Measurement& first = experiment.measurements.front();
    write_metrics(to.initMetrics(count(first.metrics.size())), first.metrics);
    to.setScale(first.identity.scale.c_str());
  }
  if (experiment.commit) to.setCommit(experiment.commit->hex().c_str());
  write_notes(to, experiment.notes);
  to.setWorker(experiment.worker.value().c_str());
  to.setAttempts(experiment.attempts);
  to.setReworks(experiment.reworks);
  to.setCostUsd(usd(experiment.cost.usd));
  to.setInputTokens(static_cast<double>(experiment.cost.input_tokens));
  to.setOutputTokens(static_cast<double>(experiment.cost.output_tokens));
  wire::write(to.initStartedAt(), experiment.started_at);
  wire::write(to.initEndedAt(), experiment.ended_at);
  to.setReason(experiment.reason.c_str());
  to.setPickedBecause(experiment.picked_because.c_str());
  wire::write(to.initDuplicateOf(), number_of(experiment.duplicate_of));
  write_strings(to.initPaths(count(experiment.paths.size())), experiment.paths);
  auto stages = to.initStages(count(experiment.stages.size()));
  for (unsigned i = 0; i < experiment.stages.size(); ++i) {
    stages[i].setName(std::string(swarmlab::name_of(experiment.stages[i].stage)).c_str());
    stages[i].setValue(milliseconds(experiment.stages[i].took));
  }
  write_measurements(to, experiment.measurements);
  write_evidence(to, experiment);
  write_marks(to, lab, experiment);
  write_metrics(to, lab, experiment);
  wire::write(to.initMadConfidence(), experiment.mad_confidence);
  wire::write(to.initSize(), experiment.size);
  to.setSimpler(experiment.simpler);
  wire::write(to.initUndoes(), number_of(experiment.undoes));
  to.setIsBest(lab.best && lab.best->number == experiment.number);
  write_climbs(to, lab, experiment.number);
  write_agent(to, experiment);
  to.setHostClass(experiment.host_class.c_str());
  to.setParentCommit(experiment.parent_commit.hex().c_str());
}

void write_view(schema::ExperimentView::Builder to, const swarm::State& state,
                const swarm::Task& task) {
  const swarm::Lab& lab = state.labs.at(task.lab);
  to.setNumber(count(task.experiment.value()));
  to.setLab(lab.settings.name.c_str());
  wire::write(to.initParent(), number_of(task.parent));
  if (task.merge) {
    wire::write(task.kind == TaskKind::simplify ? to.initUndoes() : to.initMergedWith(),
                number_of(task.merge->other));
  }
  to.setVerdict("running");
  to.setKind(std::string(swarmlab::name_of(task.kind)).c_str());
  to.setSegment(count(task.segment.value()));
  to.setScale(lab.settings.scale.c_str());
  if (task.lease) to.setWorker(task.lease->worker.value().c_str());
  to.setAttempts(task.attempts);
  to.setCostUsd(usd(task.cost.usd));
  wire::write(to.initStartedAt(), task.started_at);
  to.setReason(task.lease ? "it runs" : "it waits for a worker");
  const auto said = state.presence.announced.find(task.id);
  if (said != state.presence.announced.end()) {
    to.setHypothesis(said->second.hypothesis.c_str());
    to.setMechanism(said->second.mechanism.c_str());
  }
  if (task.candidate) {
    write_notes(to, task.candidate->notes);
    to.setCommit(task.candidate->commit.hex().c_str());
    if (const auto& by = task.candidate->injection) {
      to.setInjectedBy(by->who.c_str());
      to.setInjectedFrom(by->from.hex().c_str());
    }
  }
  const auto above = swarm::rejected_above(lab, task.parent);
  if (above) wire::write(to.initDescendsFromRejected(), count(above->value()));
  if (task.pending) {
    const Experiment& candidate = task.pending->experiment;
    to.setReason(candidate.reason.c_str());
    write_notes(to, candidate.notes);
    write_measurements(to, candidate.measurements);
    write_evidence(to, candidate);
    if (candidate.commit) to.setCommit(candidate.commit->hex().c_str());
  }
  to.setPickedBecause(task.picked_because.c_str());
  to.setParentCommit(task.parent_commit.hex().c_str());
}

void write_view(schema::SampleView::Builder to, const SampleScore& sample) {
  to.setId(sample.id.c_str());
  if (std::isfinite(sample.score)) wire::write(to.initScore(), sample.score);
  to.setError(sample.error.c_str());
  to.initExtra().setText(sample.extra.c_str());
}

}  // namespace swarmlab::server
