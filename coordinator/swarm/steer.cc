// A person pauses, resumes or stops a lab, or all labs of a part of the tree.
#include "coordinator/swarm/draft.h"
#include "coordinator/swarm/find.h"
#include "coordinator/swarm/handlers.h"

namespace swarmlab::swarm {
namespace {

bool is_ending(LabStatus status) {
  return status == LabStatus::stopping || status == LabStatus::stopped;
}

// Each does what is asked of one lab, or says why it stays as it is.
using Refusal = std::optional<Error>;

Refusal pause(Draft& draft, const Lab& lab, const SetLabStatus& command) {
  if (is_ending(lab.status)) {
    return Error{ErrorCode::conflict,
                 fmt::format("lab {} is stopped, only one that runs can be paused: {}",
                             lab.settings.name, lab.stop_reason)};
  }
  if (lab.status == LabStatus::running) {
    draft.set_status(lab.id, LabStatus::paused, command.reason, command.who);
  }
  return std::nullopt;
}

Refusal resume(Draft& draft, const Lab& lab, const SetLabStatus& command, Timestamp now) {
  if (lab.backoff) draft.add(ProviderAnswered{.lab = lab.id, .who = command.who, .at = now});
  if (lab.status == LabStatus::running) return std::nullopt;
  if (auto limit = limit_reached(lab.settings, draft.standing(lab.id), now)) {
    return Error{ErrorCode::conflict, fmt::format("lab {} stays stopped: {}; {}", lab.settings.name,
                                                  limit->what, limit->remedy)};
  }
  draft.set_status(lab.id, LabStatus::running, {}, command.who);
  return std::nullopt;
}

Refusal stop(Draft& draft, const Lab& lab, const SetLabStatus& command) {
  if (!is_ending(lab.status)) {
    const std::string by = command.who.empty() ? "stopped" : "stopped by " + command.who;
    draft.stop(lab.id, command.reason.empty() ? by : command.reason, command.who);
  }
  return std::nullopt;
}

Refusal steer(Draft& draft, const Lab& lab, const SetLabStatus& command, Timestamp now) {
  switch (command.wish) {
    case SetLabStatus::Wish::pause:
      return pause(draft, lab, command);
    case SetLabStatus::Wish::resume:
      return resume(draft, lab, command, now);
    case SetLabStatus::Wish::stop:
      return stop(draft, lab, command);
  }
  return Error{ErrorCode::invalid_input, "an unknown wish, expected pause, resume or stop"};
}

std::vector<const Lab*> named_by(const State& state, const SetLabStatus& command) {
  std::vector<const Lab*> labs;
  for (const auto& [id, lab] : state.labs) {
    const std::string& name = lab.settings.name;
    if (name == command.lab || (command.below && is_below(name, command.lab))) {
      labs.push_back(&lab);
    }
  }
  return labs;
}

}  // namespace

Decision on(const State& state, const Rules& /*rules*/, const SetLabStatus& command,
            Timestamp now) {
  const std::vector<const Lab*> labs = named_by(state, command);
  if (labs.empty()) return refuse(unknown_lab(state, command.lab));
  Draft draft(state, now);
  LabsSteered reply;
  std::optional<Error> first_refusal;
  bool any_did = false;
  for (const Lab* lab : labs) {
    Refusal refusal = steer(draft, *lab, command, now);
    any_did = any_did || !refusal;
    reply.labs.push_back({.lab = lab->id,
                          .before = lab->status,
                          .after = draft.standing(lab->id).status,
                          .why = refusal ? refusal->message : std::string()});
    if (refusal && !first_refusal) first_refusal = std::move(refusal);
  }
  if (!any_did) return refuse(*std::move(first_refusal));
  return std::move(draft).with(std::move(reply));
}

}  // namespace swarmlab::swarm
