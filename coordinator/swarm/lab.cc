// Labs are opened, again and again: by name they are the same lab, and limits are totals of it.
#include <algorithm>

#include "coordinator/swarm/draft.h"
#include "coordinator/swarm/find.h"
#include "coordinator/swarm/handlers.h"

namespace swarmlab::swarm {
namespace {

Decision open_new(const State& state, const OpenLab& command, Timestamp now) {
  const LabId id = state.next_lab;
  Segment segment = command.segment;
  segment.number = SegmentNumber(1);
  segment.baseline = ExperimentNumber(1);
  segment.baseline_measured = false;
  Decision decision{.changes = {}, .reply = LabIsOpen{.lab = id}};
  decision.changes.emplace_back(LabOpened{.lab = id,
                                          .settings = command.settings,
                                          .segment = segment,
                                          .who = command.who,
                                          .origin = command.origin});
  decision.changes.emplace_back(LabStatusChanged{
      .lab = id, .status = LabStatus::running, .reason = {}, .who = command.who, .at = now});
  return decision;
}

// Why scores of before cannot be compared with those to come; empty: they can.
std::string what_differs(const Lab& lab, const OpenLab& command) {
  const Segment& before = lab.segment;
  const Segment& after = command.segment;
  const LabSettings& settings = command.settings;
  std::string why;
  const auto say = [&why](const char* what) {
    why += (why.empty() ? "" : "; ") + std::string(what);
  };
  if (before.evaluator_hash != after.evaluator_hash) {
    say("the evaluator, guard or a frozen file changed");
  }
  if (before.data_hash != after.data_hash) say("the data changed");
  if (before.holdout_hash != after.holdout_hash) say("the holdout changed");
  if (before.lab_commit != after.lab_commit) say("the start commit changed");
  if (lab.settings.metric.name != settings.metric.name) say("the metric changed");
  if (lab.settings.metric.direction != settings.metric.direction) {
    say("the direction of the metric changed");
  }
  if (lab.settings.scale != settings.scale) say("the scale changed");
  if (!std::ranges::equal(lab.settings.scales, settings.scales, {}, &Scale::name, &Scale::name)) {
    say("the scales changed");
  }
  const auto has_size = [](const auto& kept) { return kept.second.size.has_value(); };
  if (lab.settings.search.simplicity.metric != settings.search.simplicity.metric &&
      std::ranges::any_of(lab.frontier, has_size)) {
    say("what says how large a candidate is changed");
  }
  return why;
}

void begin_segment(Draft& draft, const State& state, const Lab& lab, const OpenLab& command,
                   const std::string& why) {
  const Index::OfLab& open = state.index.labs.at(lab.id);
  for (const TaskId id : open.waiting) draft.drop(task_of(state, id), why);
  for (const auto& [scale, checks] : open.checks) {
    for (const TaskId id : checks) draft.drop(task_of(state, id), why);
  }
  Segment segment = command.segment;
  segment.number = next(lab.segment.number);
  segment.baseline = lab.next_experiment;
  segment.baseline_measured = false;
  draft.add(SegmentBegan{.lab = lab.id, .segment = segment, .why = why});
  Standing& standing = draft.standing(lab.id);
  standing.leased = 0;  // what runs is orphaned
  standing.leased_checks = 0;
  standing.climbs = false;
  standing.best.reset();
  standing.without_keep = 0;
  standing.prospects = {};
}

// Lets it run if nothing is against it; says what is.
std::string run_again(Draft& draft, LabId id, const OpenLab& command, Timestamp now) {
  draft.settle(id, command.settings);
  const Standing& standing = draft.standing(id);
  if (auto limit = limit_reached(command.settings, standing, now)) {
    return limit->what + "; " + limit->remedy;
  }
  if (standing.status == LabStatus::paused) {
    return fmt::format("it is paused; `swarmlab resume {}` lets it run", command.settings.name);
  }
  if (standing.status != LabStatus::running) {
    draft.set_status(id, LabStatus::running, {}, command.who);
  }
  return {};
}

Decision open_again(const State& state, const Lab& lab, const OpenLab& command, Timestamp now) {
  Draft draft(state, now);
  const std::string why = what_differs(lab, command);
  if (!why.empty()) begin_segment(draft, state, lab, command, why);
  if (lab.settings != command.settings) {
    draft.add(SettingsChanged{.lab = lab.id, .settings = command.settings, .who = command.who});
  }
  if (lab.backoff) draft.add(ProviderAnswered{.lab = lab.id, .who = command.who, .at = now});
  LabIsOpen reply{.lab = lab.id, .resumed = true, .new_segment = !why.empty()};
  reply.stays_stopped = run_again(draft, lab.id, command, now);
  return std::move(draft).with(std::move(reply));
}

// A branch stays the branch that it is, and a lab of the repository never becomes one.
std::optional<Error> against_opening(const State& state, const Lab* lab, const OpenLab& command) {
  const std::string& name = command.settings.name;
  if (name.empty()) return Error{ErrorCode::invalid_input, "a lab has no name, expected one"};
  if (lab == nullptr) {
    if (!command.origin || state.labs.contains(command.origin->parent)) return std::nullopt;
    return Error{ErrorCode::not_found,
                 fmt::format("branch {}: there is no lab to branch from", name)};
  }
  const bool same = lab->origin == command.origin &&
                    (!lab->origin || lab->segment.lab_commit == command.segment.lab_commit);
  if (same) return std::nullopt;
  if (!lab->origin) {
    return Error{ErrorCode::conflict,
                 fmt::format("there is a lab {}: give the branch another name", name)};
  }
  const std::string whose = fmt::format("{} is a branch already, of experiment {} of {}", name,
                                        lab->origin->experiment.value(),
                                        lab_of(state, lab->origin->parent).settings.name);
  return Error{ErrorCode::conflict, command.origin
                                        ? whose + ": give the new one another name"
                                        : whose + ": give the lab another name with [lab] name"};
}

}  // namespace

Decision on(const State& state, const Rules& /*rules*/, const OpenLab& command, Timestamp now) {
  const Lab* lab = find_lab(state, command.settings.name);
  if (auto error = against_opening(state, lab, command)) {
    return {.changes = {}, .reply = *std::move(error)};
  }
  return lab == nullptr ? open_new(state, command, now) : open_again(state, *lab, command, now);
}

}  // namespace swarmlab::swarm
