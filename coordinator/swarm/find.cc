#include "coordinator/swarm/find.h"

#include <algorithm>

#include "common/result.h"

namespace swarmlab::swarm {

const Lab& lab_of(const State& state, LabId id) {
  const auto found = state.labs.find(id);
  SWARMLAB_ASSERT(found != state.labs.end());
  return found->second;
}

const Task& task_of(const State& state, TaskId id) {
  const Task* found = find_task(state, id);
  SWARMLAB_ASSERT(found != nullptr);
  return *found;
}

bool is_below(std::string_view lab, std::string_view place) {
  return place.empty() || (lab.starts_with(place) && lab.substr(place.size()).starts_with('/'));
}

const Lab* find_lab(const State& state, std::string_view name) {
  const auto found = std::find_if(state.labs.begin(), state.labs.end(), [name](const auto& one) {
    return one.second.settings.name == name;
  });
  return found == state.labs.end() ? nullptr : &found->second;
}

Error unknown_lab(const State& state, std::string_view name) {
  std::string known;
  for (const auto& [id, lab] : state.labs) {
    known += (known.empty() ? "" : ", ") + lab.settings.name;
  }
  return {ErrorCode::not_found,
          known.empty() ? fmt::format("no lab is named {}: none was opened yet", name)
                        : fmt::format("no lab is named {}, expected one of: {}", name, known)};
}

const Task* find_task(const State& state, TaskId id) {
  const auto found = state.tasks.find(id);
  return found == state.tasks.end() ? nullptr : &found->second;
}

bool is_current(const State& state, const WorkerName& worker, SessionId session) {
  const auto seen = state.presence.workers.find(worker);
  return seen != state.presence.workers.end() && seen->second.session == session;
}

bool is_orphan(const State& state, const Task& task) {
  return task.segment != lab_of(state, task.lab).segment.number;
}

bool holds(const State& state, const Task& task, const WorkerName& worker, FencingToken token,
           Timestamp now) {
  if (!task.lease || task.lease->token != token || task.lease->worker != worker) return false;
  const auto deadline = state.presence.deadlines.find(task.id);
  return deadline == state.presence.deadlines.end() || now < deadline->second;
}

}  // namespace swarmlab::swarm
