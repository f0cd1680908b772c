// Looking things up in the state.
#pragma once

#include <string_view>

#include "common/result.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

/// \pre  it is there
[[nodiscard]] const Lab& lab_of(const State& state, LabId id);
[[nodiscard]] const Task& task_of(const State& state, TaskId id);

/// Whether the name of a lab is below `place` in the tree: "models/tiny" is below "models". All are
/// below "".
[[nodiscard]] bool is_below(std::string_view lab, std::string_view place);

/// Null if there is none. Valid until the state changes.
[[nodiscard]] const Lab* find_lab(const State& state, std::string_view name);
[[nodiscard]] const Task* find_task(const State& state, TaskId id);

/// What decisions about a lab's name that is not there say, with the names that are.
[[nodiscard]] Error unknown_lab(const State& state, std::string_view name);

/// Whether `session` is the current one of a worker that is there.
[[nodiscard]] bool is_current(const State& state, const WorkerName& worker, SessionId session);

/// Whether the task's segment ended while it was leased. It decides nothing any more, and is
/// dropped when its lease ends.
[[nodiscard]] bool is_orphan(const State& state, const Task& task);

/// Whether the task is leased to this worker under this token, and the deadline is not over. At the
/// deadline it is. A lease without a known deadline holds.
[[nodiscard]] bool holds(const State& state, const Task& task, const WorkerName& worker,
                         FencingToken token, Timestamp now);

}  // namespace swarmlab::swarm
