// Views of what people said and did, and of what agents said that they try.
#include <algorithm>

#include "common/model/names.h"
#include "common/wire/json_codec.h"
#include "common/wire/lab_codec.h"
#include "coordinator/server/views.h"
#include "coordinator/swarm/rejected.h"

namespace swarmlab::server {
namespace {

std::uint32_t count(std::uint64_t value) {
  constexpr std::uint64_t kMost = 0xffffffffU;
  return static_cast<std::uint32_t>(std::min(value, kMost));
}

std::optional<std::uint32_t> number_of(const std::optional<ExperimentNumber>& number) {
  if (!number) return std::nullopt;
  return count(number->value());
}

std::vector<const swarm::Task*> tasks_of(const swarm::State& state, const std::set<TaskId>& ids) {
  std::vector<const swarm::Task*> tasks;
  for (const TaskId id : ids) tasks.push_back(&state.tasks.at(id));
  std::ranges::sort(tasks, {}, &swarm::Task::experiment);
  return tasks;
}

}  // namespace

void write_view(schema::HintView::Builder to, const swarm::Lab& lab, HintNumber number,
                const swarm::Hint& hint) {
  to.setNumber(count(number.value()));
  to.setLab(lab.settings.name.c_str());
  to.setText(hint.text.c_str());
  to.setWho(hint.who.c_str());
  wire::write(to.initAt(), hint.at);
  to.setHolds(true);
}

void write_view(schema::InjectedView::Builder to, const swarm::State& state,
                const swarm::CandidateInjected& injected) {
  const swarm::Lab& lab = state.labs.at(injected.lab);
  to.setLab(lab.settings.name.c_str());
  to.setExperiment(count(injected.experiment.value()));
  wire::write(to.initParent(), number_of(injected.parent));
  to.setIsNew(injected.is_new);
  for (const auto& [id, task] : state.tasks) {
    if (task.lab != injected.lab || task.experiment != injected.experiment) continue;
    if (task.candidate) to.setCommit(task.candidate->commit.hex().c_str());
  }
}

void write_view(schema::RejectedView::Builder to, const swarm::State& state,
                const swarm::Rejected& rejected) {
  to.setLab(state.labs.at(rejected.lab).settings.name.c_str());
  auto now = to.initExperiments(count(rejected.now.size()));
  for (unsigned i = 0; i < now.size(); ++i) now.set(i, count(rejected.now[i].value()));
  wire::write(to.initBest(), count(rejected.best.value()));
  auto below = to.initDescendants(count(rejected.descendants.size()));
  for (unsigned i = 0; i < below.size(); ++i) {
    below.set(i, count(rejected.descendants[i].value()));
  }
}

void write_marks(schema::ExperimentView::Builder to, const swarm::Lab& lab,
                 const Experiment& experiment) {
  if (experiment.injection) {
    to.setInjectedBy(experiment.injection->who.c_str());
    to.setInjectedFrom(experiment.injection->from.hex().c_str());
  }
  std::optional<Timestamp> rejected_at;
  if (experiment.rejection) {
    to.setRejectedBy(experiment.rejection->who.c_str());
    to.setRejectedWhy(experiment.rejection->why.c_str());
    rejected_at = experiment.rejection->at;
  }
  wire::write(to.initRejectedAt(), rejected_at);
  std::optional<ExperimentNumber> above;
  if (experiment.segment == lab.segment.number) {
    above = swarm::rejected_above(lab, experiment.parent);
  }
  wire::write(to.initDescendsFromRejected(), number_of(above));
  std::optional<ExperimentNumber> near;
  if (experiment.near_duplicate) {
    near = experiment.near_duplicate->of;
    wire::write(to.initSimilarity(), experiment.near_duplicate->similarity);
  }
  wire::write(to.initNearDuplicateOf(), number_of(near));
}

void write_view(schema::RunView::Builder to, const swarm::State& state, const swarm::Task& task) {
  to.setLab(state.labs.at(task.lab).settings.name.c_str());
  to.setExperiment(count(task.experiment.value()));
  if (task.lease) to.setWorker(task.lease->worker.value().c_str());
  to.setKind(std::string(swarmlab::name_of(task.pending ? TaskKind::measure : task.kind)).c_str());
  wire::write(to.initStartedAt(), task.started_at);
  const auto said = state.presence.announced.find(task.id);
  if (said != state.presence.announced.end()) {
    to.setHypothesis(said->second.hypothesis.c_str());
    to.setMechanism(said->second.mechanism.c_str());
  } else if (task.pending || task.candidate) {
    const AgentNotes& notes = task.pending ? task.pending->experiment.notes : task.candidate->notes;
    to.setHypothesis(notes.hypothesis.c_str());
    to.setMechanism(notes.mechanism.c_str());
  }
}

std::vector<const swarm::Task*> runs_of(const swarm::State& state, LabId lab) {
  const auto open = state.index.labs.find(lab);
  if (open == state.index.labs.end()) return {};
  return tasks_of(state, open->second.leased);
}

std::vector<const swarm::Task*> runs_of(const swarm::State& state, const WorkerName& worker) {
  const auto held = state.index.holds.find(worker);
  if (held == state.index.holds.end()) return {};
  return tasks_of(state, held->second);
}

}  // namespace swarmlab::server
