// A person's candidate: a task of its own, that no agent works on. Like any other it is measured by
// a worker, judged, and counted as an experiment.
#include <algorithm>

#include "common/result.h"
#include "coordinator/swarm/find.h"
#include "coordinator/swarm/handlers.h"

namespace swarmlab::swarm {
namespace {

constexpr std::size_t kMostWaiting = 100;  // of a lab

// The open task that measures the same tree, if there is one.
const Task* same_candidate(const State& state, const Lab& lab, const ObjectId& tree) {
  const Index::OfLab& open = state.index.labs.at(lab.id);
  for (const auto* tasks : {&open.waiting, &open.leased}) {
    for (const TaskId id : *tasks) {
      const Task& task = task_of(state, id);
      if (task.candidate && task.candidate->tree == tree) return &task;
    }
  }
  return nullptr;
}

std::size_t waiting_candidates(const State& state, const Lab& lab) {
  const std::set<TaskId>& waiting = state.index.labs.at(lab.id).waiting;
  return static_cast<std::size_t>(std::ranges::count_if(
      waiting, [&state](TaskId id) { return task_of(state, id).candidate.has_value(); }));
}

// Why it cannot be measured at all; nothing: it can.
std::optional<Error> against(const State& state, const Lab& lab) {
  const std::string& name = lab.settings.name;
  if (lab.status == LabStatus::stopping || lab.status == LabStatus::stopped) {
    return Error{ErrorCode::conflict,
                 fmt::format("lab {} is stopped: {}; resume it first", name, lab.stop_reason)};
  }
  if (!lab.segment.baseline_measured) {
    return Error{ErrorCode::conflict,
                 fmt::format("lab {}: the baseline is not measured yet", name)};
  }
  if (waiting_candidates(state, lab) >= kMostWaiting) {
    return Error{
        ErrorCode::conflict,
        fmt::format("lab {}: {} candidates wait already, as many as may", name, kMostWaiting)};
  }
  return std::nullopt;
}

}  // namespace

Decision on(const State& state, const Rules& /*rules*/, const InjectCandidate& command,
            Timestamp /*now*/) {
  const Lab* lab = find_lab(state, command.lab);
  if (lab == nullptr) return {.changes = {}, .reply = unknown_lab(state, command.lab)};
  const auto there = [&](ExperimentNumber number, std::optional<ExperimentNumber> parent) {
    return Decision{.changes = {},
                    .reply = CandidateInjected{
                        .lab = lab->id, .experiment = number, .parent = parent, .is_new = false}};
  };
  const auto known = lab->trees.find(command.candidate.tree);
  if (known != lab->trees.end()) return there(known->second, {});
  if (const Task* same = same_candidate(state, *lab, command.candidate.tree)) {
    return there(same->experiment, same->parent);
  }
  if (auto error = against(state, *lab)) return {.changes = {}, .reply = *std::move(error)};
  const auto parent = lab->frontier.find(command.parent);
  if (parent == lab->frontier.end()) {  // it was rejected since the shell looked
    return refuse(ErrorCode::unavailable,
                  fmt::format("experiment {} is not in the frontier any more: try again",
                              command.parent.value()));
  }
  const std::optional<Injection>& by = command.candidate.injection;
  const TaskCreated fact{.task = state.next_task,
                         .lab = lab->id,
                         .kind = TaskKind::inject,
                         .experiment = lab->next_experiment,
                         .segment = lab->segment.number,
                         .parent = command.parent,
                         .parent_commit = parent->second.commit,
                         .picked_because = fmt::format("injected by {}", by ? by->who : "a person"),
                         .candidate = command.candidate};
  return {.changes = {fact},
          .reply = CandidateInjected{
              .lab = lab->id, .experiment = fact.experiment, .parent = fact.parent}};
}

}  // namespace swarmlab::swarm
