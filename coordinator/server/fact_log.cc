#include "coordinator/server/fact_log.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/model/names.h"
#include "coordinator/server/views.h"

namespace swarmlab::server {
namespace {

using log::field;
using log::Level;

struct Said {
  Level level = Level::info;
  std::string text;
  std::vector<log::Field> fields;
};

void add_lab(std::vector<log::Field>& to, const swarm::State& state, LabId id) {
  const auto lab = state.labs.find(id);
  if (lab != state.labs.end()) to.push_back(field("lab", lab->second.settings.name));
}

// Enough to tell sessions apart; the whole of it would let its reader speak for the worker.
void add_worker(std::vector<log::Field>& to, const swarm::State& state, const WorkerName& worker) {
  to.push_back(field("worker", worker.value()));
  const auto seen = state.presence.workers.find(worker);
  if (seen == state.presence.workers.end()) return;
  to.push_back(field("session", fmt::format("{:08x}", seen->second.session.value() >> 32U)));
}

std::vector<log::Field> of_lease(const swarm::State& state, TaskId id, FencingToken token) {
  std::vector<log::Field> fields;
  const auto found = state.tasks.find(id);
  if (found != state.tasks.end()) {
    add_lab(fields, state, found->second.lab);
    fields.push_back(field("experiment", found->second.experiment.value()));
  }
  fields.push_back(field("task", id.value()));
  fields.push_back(field("token", token.value()));
  return fields;
}

template <class Fact>
std::optional<Said> said(const swarm::State& /*state*/, const Fact& /*fact*/) {
  return std::nullopt;
}

std::optional<Said> said(const swarm::State& state, const swarm::LeaseGranted& fact) {
  Said line{.text = "lease granted", .fields = of_lease(state, fact.task, fact.token)};
  add_worker(line.fields, state, fact.worker);
  return line;
}

std::optional<Said> said(const swarm::State& state, const swarm::LeaseEnded& fact) {
  Said line{.text = "lease lost", .fields = of_lease(state, fact.task, fact.token)};
  if (fact.how == swarm::LeaseEnd::returned) {
    line.text = "lease returned";
  } else {
    line.level = Level::warning;
    line.text += fact.how == swarm::LeaseEnd::expired ? ": it expired" : ": its worker restarted";
  }
  const auto task = state.tasks.find(fact.task);
  if (task != state.tasks.end() && task->second.lease)
    add_worker(line.fields, state, task->second.lease->worker);
  if (!fact.why.empty()) line.fields.push_back(field("why", fact.why));
  return line;
}

std::optional<Said> said(const swarm::State& state, const swarm::CandidateMeasured& fact) {
  const Experiment& experiment = fact.pending.experiment;
  Said line{.text = "not decided: measured again", .fields = {}};
  add_lab(line.fields, state, fact.lab);
  line.fields.push_back(field("experiment", experiment.number.value()));
  line.fields.push_back(field("task", fact.task.value()));
  line.fields.push_back(field("token", fact.token.value()));
  line.fields.push_back(field("why", experiment.reason));
  return line;
}

std::optional<Said> said(const swarm::State& state, const swarm::ExperimentFinished& fact) {
  const Experiment& experiment = fact.experiment;
  Said line{.text = fmt::format("verdict: {}", name_of(experiment.verdict)), .fields = {}};
  add_lab(line.fields, state, experiment.lab);
  line.fields.push_back(field("experiment", experiment.number.value()));
  line.fields.push_back(field("task", experiment.task.value()));
  line.fields.push_back(field("token", experiment.token.value()));
  add_worker(line.fields, state, experiment.worker);
  if (!experiment.measurements.empty()) line.fields.push_back(field("score", *experiment.score()));
  return line;
}

std::optional<Said> said(const swarm::State& state, const swarm::WorkerGone& fact) {
  Said line{.text = "worker left", .fields = {}};
  add_worker(line.fields, state, fact.worker);
  return line;
}

std::optional<Said> said(const swarm::State& state, const swarm::WorkerQuarantined& fact) {
  Said line{.level = Level::warning,
            .text = fact.measures_only
                        ? "measurements of a worker do not count until it is released"
                        : "worker is in quarantine until it is released",
            .fields = {}};
  add_worker(line.fields, state, fact.worker);
  line.fields.push_back(field("why", fact.why));
  return line;
}

std::optional<Said> said(const swarm::State& state, const swarm::WorkerReleased& fact) {
  Said line{.text = "worker is released", .fields = {}};
  add_worker(line.fields, state, fact.worker);
  line.fields.push_back(field("who", fact.who));
  return line;
}

std::optional<Said> said(const swarm::State& /*state*/, const swarm::AlarmRaised& fact) {
  return Said{.level = Level::warning,
              .text = "many workers fell silent at once: no lease expires for now",
              .fields = {field("silent", fact.silent), field("of", fact.holders)}};
}

std::optional<Said> said(const swarm::State& /*state*/, const swarm::AlarmCleared& /*fact*/) {
  return Said{.text = "no longer are many workers silent at once", .fields = {}};
}

std::optional<Said> said(const swarm::State& /*state*/, const swarm::LabOpened& fact) {
  return Said{.text = "lab opened", .fields = {field("lab", fact.settings.name)}};
}

std::optional<Said> said(const swarm::State& state, const swarm::SegmentBegan& fact) {
  Said line{.text = fmt::format("segment {} begins", fact.segment.number.value()), .fields = {}};
  add_lab(line.fields, state, fact.lab);
  return line;
}

std::optional<Said> said(const swarm::State& state, const swarm::LabStatusChanged& fact) {
  Said line{.text = fmt::format("lab is {}", name_of(fact.status)), .fields = {}};
  add_lab(line.fields, state, fact.lab);
  if (!fact.reason.empty()) line.fields.push_back(field("why", fact.reason));
  return line;
}

}  // namespace

void FactLog::note(const swarm::State& before, const swarm::Change& change) {
  if (!log::enabled(Level::warning)) return;
  auto line = std::visit([&](const auto& fact) { return said(before, fact); }, change);
  if (line) lines_.push_back({line->level, std::move(line->text), std::move(line->fields)});
}

void FactLog::note(const swarm::Command& command, const swarm::Reply& reply) {
  const auto* arrived = std::get_if<swarm::ReportArrived>(&command);
  if (arrived == nullptr) return;
  const Report& report = arrived->report;
  Level level = Level::info;
  std::string text;
  if (const auto* stale = std::get_if<swarm::ReportStale>(&reply)) {
    text = "report does not count: " + stale->because;
  } else if (const auto* error = std::get_if<Error>(&reply)) {
    level = Level::warning;
    text = "report refused: " + error->message;
  } else {
    return;
  }
  lines_.push_back(
      {level,
       std::move(text),
       {field("experiment", report.experiment.value()), field("task", report.task.value()),
        field("token", report.token.value()), field("worker", arrived->worker.value())}});
}

void FactLog::write() {
  for (Line& line : lines_) log::write(line.level, line.text, std::move(line.fields));
  lines_.clear();
}

void log_summary(const swarm::State& state) {
  log::info("summary: {} labs, {} workers here, {} open tasks, {} of them leased",
            state.labs.size(), state.presence.workers.size(), state.tasks.size(),
            state.presence.deadlines.size());
  for (const auto& [id, lab] : state.labs) {
    const auto index = state.index.labs.find(id);
    const bool known = index != state.index.labs.end();
    log::info("summary: lab is {}{}{}{}{}", name_of(lab.status),
              log::field("lab", lab.settings.name),
              log::field("experiments", lab.counters.experiments),
              log::field("leased", known ? index->second.leased.size() : 0),
              log::field("waiting", known ? index->second.waiting.size() : 0));
  }
  for (const auto& [name, seen] : state.presence.workers) {
    const auto worker = state.workers.find(name);
    const auto holds = state.index.holds.find(name);
    log::info("summary: worker {}{}{}{}", seen.leaving ? "leaves" : "is here",
              log::field("worker", name.value()),
              log::field("slots", worker == state.workers.end() ? 0 : worker->second.slots),
              log::field("leases", holds == state.index.holds.end() ? 0 : holds->second.size()));
  }
}

}  // namespace swarmlab::server
