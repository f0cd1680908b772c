// A person pauses, resumes or stops a lab.
#include "coordinator/swarm/draft.h"
#include "coordinator/swarm/find.h"
#include "coordinator/swarm/handlers.h"

namespace swarmlab::swarm {
namespace {

Decision refuse(ErrorCode code, std::string message) {
  return {.changes = {}, .reply = Error{code, std::move(message)}};
}

Error unknown_lab(const State& state, const std::string& name) {
  std::string known;
  for (const auto& [id, lab] : state.labs) {
    known += (known.empty() ? "" : ", ") + lab.settings.name;
  }
  return {ErrorCode::not_found,
          known.empty() ? fmt::format("no lab is named {}: none was opened yet", name)
                        : fmt::format("no lab is named {}, expected one of: {}", name, known)};
}

bool is_ending(const Lab& lab) {
  return lab.status == LabStatus::stopping || lab.status == LabStatus::stopped;
}

Decision pause(Draft draft, const Lab& lab, const SetLabStatus& command) {
  if (is_ending(lab)) {
    return refuse(ErrorCode::conflict,
                  fmt::format("lab {} is stopped, only one that runs can be paused: {}",
                              lab.settings.name, lab.stop_reason));
  }
  if (lab.status == LabStatus::running) {
    draft.set_status(lab.id, LabStatus::paused, command.reason, command.who);
  }
  return std::move(draft).with(Done{});
}

Decision resume(Draft draft, const Lab& lab, const SetLabStatus& command, Timestamp now) {
  if (lab.status == LabStatus::running) return std::move(draft).with(Done{});
  if (auto limit = limit_reached(lab.settings, draft.standing(lab.id), now)) {
    return refuse(ErrorCode::conflict, fmt::format("lab {} stays stopped: {}; {}",
                                                   lab.settings.name, limit->what, limit->remedy));
  }
  draft.set_status(lab.id, LabStatus::running, {}, command.who);
  return std::move(draft).with(Done{});
}

Decision stop(Draft draft, const Lab& lab, const SetLabStatus& command) {
  if (!is_ending(lab)) {
    const std::string by = command.who.empty() ? "stopped" : "stopped by " + command.who;
    draft.stop(lab.id, command.reason.empty() ? by : command.reason, command.who);
  }
  return std::move(draft).with(Done{});
}

}  // namespace

Decision on(const State& state, const Rules& /*rules*/, const SetLabStatus& command,
            Timestamp now) {
  const Lab* lab = find_lab(state, command.lab);
  if (lab == nullptr) return {.changes = {}, .reply = unknown_lab(state, command.lab)};
  Draft draft(state, now);
  switch (command.wish) {
    case SetLabStatus::Wish::pause:
      return pause(std::move(draft), *lab, command);
    case SetLabStatus::Wish::resume:
      return resume(std::move(draft), *lab, command, now);
    case SetLabStatus::Wish::stop:
      return stop(std::move(draft), *lab, command);
  }
  return refuse(ErrorCode::invalid_input, "an unknown wish, expected pause, resume or stop");
}

}  // namespace swarmlab::swarm
