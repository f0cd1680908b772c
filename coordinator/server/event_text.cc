// Facts as lines for people: what `events` shows and watchers read.
#include <fmt/core.h>

#include <type_traits>

#include "common/model/names.h"
#include "common/wire/json_codec.h"
#include "coordinator/server/views.h"

namespace swarmlab::server {
namespace {

struct Line {
  std::string_view kind;
  std::optional<LabId> lab;
  std::optional<ExperimentNumber> experiment;
  std::string text;
};

Line line_of(const swarm::State& state, const swarm::LabOpened& fact) {
  if (!fact.origin) return {"lab_opened", fact.lab, {}, fmt::format("opened by {}", fact.who)};
  const auto parent = state.labs.find(fact.origin->parent);
  return {"lab_opened",
          fact.lab,
          {},
          fmt::format("branched from experiment {} of {} by {}", fact.origin->experiment.value(),
                      parent == state.labs.end() ? "?" : parent->second.settings.name, fact.who)};
}

Line line_of(const swarm::State& /*state*/, const swarm::SettingsChanged& fact) {
  return {"settings_changed", fact.lab, {}, fmt::format("settings changed by {}", fact.who)};
}

Line line_of(const swarm::State& /*state*/, const swarm::SegmentBegan& fact) {
  return {"segment_began", fact.lab, fact.segment.baseline,
          fmt::format("segment {} begins: {}", fact.segment.number.value(), fact.why)};
}

Line line_of(const swarm::State& /*state*/, const swarm::LabStatusChanged& fact) {
  return {"lab_status",
          fact.lab,
          {},
          fact.reason.empty() ? std::string(name_of(fact.status))
                              : fmt::format("{}: {}", name_of(fact.status), fact.reason)};
}

Line line_of(const swarm::State& /*state*/, const swarm::TaskCreated& fact) {
  return {"task_created", fact.lab, fact.experiment,
          fmt::format("{} planned: {}", swarmlab::name_of(fact.kind), fact.picked_because)};
}

Line of_task(const swarm::State& state, std::string_view kind, TaskId id, std::string text) {
  const auto task = state.tasks.find(id);
  if (task == state.tasks.end()) return {kind, {}, {}, std::move(text)};
  return {kind, task->second.lab, task->second.experiment, std::move(text)};
}

Line line_of(const swarm::State& state, const swarm::LeaseGranted& fact) {
  return of_task(state, "lease_granted", fact.task,
                 fmt::format("task {} leased to {}", fact.task.value(), fact.worker.value()));
}

Line line_of(const swarm::State& state, const swarm::LeaseEnded& fact) {
  const std::string_view how = fact.how == swarm::LeaseEnd::expired            ? "expired"
                               : fact.how == swarm::LeaseEnd::worker_restarted ? "lost"
                               : fact.how == swarm::LeaseEnd::worker_failed    ? "failed"
                                                                               : "handed back";
  return of_task(state, "lease_ended", fact.task,
                 fmt::format("lease of task {} {}{}{}", fact.task.value(), how,
                             fact.why.empty() ? "" : ": ", fact.why));
}

Line line_of(const swarm::State& /*state*/, const swarm::TaskDropped& fact) {
  return {"task_dropped", fact.lab, fact.experiment,
          fmt::format("task {} dropped: {}", fact.task.value(), fact.why)};
}

Line line_of(const swarm::State& /*state*/, const swarm::CostSpent& fact) {
  return {"cost_spent", fact.lab, fact.experiment,
          fmt::format("{:.4f} USD under an old lease",
                      static_cast<double>(fact.cost.usd.value()) / 1e6)};
}

Line line_of(const swarm::State& /*state*/, const swarm::CandidateMeasured& fact) {
  const Experiment& experiment = fact.pending.experiment;
  return {"candidate_measured", fact.lab, experiment.number, experiment.reason};
}

Line line_of(const swarm::State& /*state*/, const swarm::ExperimentFinished& fact) {
  const Experiment& experiment = fact.experiment;
  std::string text(swarmlab::name_of(experiment.verdict));
  if (const auto score = experiment.score()) text += fmt::format(" {:.6g}", *score);
  if (!experiment.reason.empty()) text += ": " + experiment.reason;
  return {"experiment_finished", experiment.lab, experiment.number, std::move(text)};
}

// The scale's name; of a lab that has other scales by now its place.
std::string scale_named(const swarm::State& state, LabId id, std::uint32_t scale) {
  const auto lab = state.labs.find(id);
  if (lab == state.labs.end() || scale >= lab->second.settings.scales.size()) {
    return fmt::format("scale {}", scale + 1);
  }
  return lab->second.settings.scales[scale].name;
}

Line line_of(const swarm::State& state, const swarm::PromotionProposed& fact) {
  return {"promotion_proposed", fact.lab, fact.experiment,
          fmt::format("may climb to {}, if a person says so: {}",
                      scale_named(state, fact.lab, fact.scale), fact.why)};
}

Line line_of(const swarm::State& state, const swarm::Promoted& fact) {
  return {"promoted", fact.lab, fact.experiment,
          fmt::format("climbs to {} by {}: {}", scale_named(state, fact.lab, fact.scale), fact.who,
                      fact.why)};
}

Line line_of(const swarm::State& state, const swarm::PromotionRejected& fact) {
  return {"promotion_rejected", fact.lab, fact.experiment,
          fmt::format("does not climb to {}, by {}{}{}", scale_named(state, fact.lab, fact.scale),
                      fact.who, fact.why.empty() ? "" : ": ", fact.why)};
}

std::string where(const swarm::State& state, LabId lab, TaskKind kind, std::uint32_t scale) {
  return kind == TaskKind::holdout ? "on the holdout" : "at " + scale_named(state, lab, scale);
}

Line line_of(const swarm::State& state, const swarm::CheckBegan& fact) {
  return {"check_began", fact.lab, fact.experiment,
          fmt::format("to be measured {}: {}", where(state, fact.lab, fact.kind, fact.scale),
                      fact.why)};
}

Line line_of(const swarm::State& state, const swarm::CheckEnded& fact) {
  std::string text = fmt::format("{} {}", name_of(fact.climb.standing),
                                 where(state, fact.lab, fact.kind, fact.scale));
  if (fact.climb.has_score()) text += fmt::format(", {:.6g}", fact.climb.score);
  if (fact.becomes_champion) text += ", champion there";
  if (!fact.climb.reason.empty()) text += ": " + fact.climb.reason;
  return {"check_ended", fact.lab, fact.experiment, std::move(text)};
}

Line line_of(const swarm::State& /*state*/, const swarm::WorkerJoined& fact) {
  return {"worker_joined",
          {},
          {},
          fmt::format("{} with {} slots ({})", fact.worker.name.value(), fact.worker.slots,
                      fact.worker.host_class)};
}

Line line_of(const swarm::State& /*state*/, const swarm::WorkerQuarantined& fact) {
  return {"worker_quarantined",
          {},
          {},
          fmt::format("{} {} until it is released: {}",
                      fact.measures_only ? "measurements of worker" : "worker",
                      fact.measures_only ? fact.worker.value() + " do not count"
                                         : fact.worker.value() + " gets nothing",
                      fact.why)};
}

Line line_of(const swarm::State& /*state*/, const swarm::WorkerReleased& fact) {
  return {"worker_released",
          {},
          {},
          fmt::format("worker {} released by {}", fact.worker.value(), fact.who)};
}

Line line_of(const swarm::State& /*state*/, const swarm::WorkerForgotten& fact) {
  return {"worker_forgotten",
          {},
          {},
          fmt::format("worker {} is gone for long, and forgotten", fact.worker.value())};
}

Line line_of(const swarm::State& /*state*/, const swarm::AlarmRaised& fact) {
  return {"alarm_raised",
          {},
          {},
          fmt::format("{} of {} working workers fell silent at once: nothing expires for {} s",
                      fact.silent, fact.holders,
                      std::chrono::ceil<std::chrono::seconds>(fact.held_until - fact.at).count())};
}

Line line_of(const swarm::State& /*state*/, const swarm::AlarmCleared& /*fact*/) {
  return {"alarm_cleared", {}, {}, "no longer are many workers silent at once"};
}

Line line_of(const swarm::State& /*state*/, const swarm::TimeSkipped& fact) {
  return {"time_skipped",
          {},
          {},
          fmt::format("no coordinator ran for {} s: no lab's hours count them",
                      std::chrono::ceil<std::chrono::seconds>(fact.until - fact.from).count())};
}

Line line_of(const swarm::State& /*state*/, const swarm::BackupRestored& fact) {
  return {"backup_restored",
          {},
          {},
          fmt::format("a backup was restored: experiments go on {} numbers later", fact.skipped)};
}

Line line_of(const swarm::State& /*state*/, const swarm::HintGiven& fact) {
  return {"hint_given",
          fact.lab,
          {},
          fmt::format("hint {} from {}: {}", fact.number.value(), fact.hint.who, fact.hint.text)};
}

Line line_of(const swarm::State& /*state*/, const swarm::HintWithdrawn& fact) {
  return {"hint_withdrawn",
          fact.lab,
          {},
          fmt::format("hint {} withdrawn by {}", fact.number.value(), fact.who)};
}

Line line_of(const swarm::State& /*state*/, const swarm::ExperimentRejected& fact) {
  return {"experiment_rejected", fact.lab, fact.experiment,
          fmt::format("rejected by {}: {}; the best is experiment {} now", fact.rejection.who,
                      fact.rejection.why, fact.best.value())};
}

Line line_of(const swarm::State& /*state*/, const swarm::ProviderFailed& fact) {
  const swarm::Backoff& backoff = fact.backoff;
  const auto wait = std::chrono::ceil<std::chrono::seconds>(backoff.until - backoff.since);
  return {"provider_failed",
          fact.lab,
          {},
          fmt::format("the agents' provider is {}, {} in a row, on {}: tried again {} s after the "
                      "first{}{}",
                      name_of(backoff.why), backoff.failures, backoff.worker.value(), wait.count(),
                      backoff.said.empty() ? "" : ": ", backoff.said)};
}

Line line_of(const swarm::State& /*state*/, const swarm::ProviderAnswered& fact) {
  return {"provider_answered",
          fact.lab,
          {},
          fact.who.empty() ? "the agents' provider answers again"
                           : fmt::format("{} ended the wait for the agents' provider", fact.who)};
}

// Presence is not stored, so no event has it.
template <class Presence>
requires(std::is_same_v<Presence, swarm::WorkerReserved> ||
         std::is_same_v<Presence, swarm::HypothesisAnnounced> ||
         std::is_same_v<Presence, swarm::WorkerSeen> ||
         std::is_same_v<Presence, swarm::SlotServed> ||
         std::is_same_v<Presence, swarm::WorkerGone> ||
         std::is_same_v<Presence, swarm::LeaseExtended>) Line
    line_of(const swarm::State& /*state*/, const Presence& /*fact*/) {
  return {"presence", {}, {}, ""};
}

}  // namespace

void write_view(schema::EventView::Builder to, const swarm::State& state,
                const store::StoredEvent& event) {
  const Line line =
      std::visit([&state](const auto& fact) { return line_of(state, fact); }, event.change);
  to.setSequence(static_cast<double>(event.sequence.value()));
  wire::write(to.initAt(), event.at);
  to.setKind(std::string(line.kind).c_str());
  if (line.lab) {
    if (const auto lab = state.labs.find(*line.lab); lab != state.labs.end()) {
      to.setLab(lab->second.settings.name.c_str());
    }
  }
  if (line.experiment) {
    wire::write(to.initExperiment(), static_cast<std::uint32_t>(line.experiment->value()));
  }
  to.setText(line.text.c_str());
  if (const auto* ended = std::get_if<swarm::LeaseEnded>(&event.change)) {
    to.setWhy(ended->why.c_str());
  }
}

}  // namespace swarmlab::server
