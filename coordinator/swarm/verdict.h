// What becomes of a report that counts: the worker says how the attempt ended, the coordinator what
// that is worth.
#pragma once

#include <optional>
#include <string>

#include "common/model/report.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::swarm {

struct Ruling {
  Verdict verdict = Verdict::discard;
  std::string reason;
  std::optional<ExperimentNumber> duplicate_of{};
  bool tree_is_real = true;  // false: the worker never measured it, and its claim was wrong
};

/// \pre  the report's shape is right (shape.h), it is about `task`, a task of the lab's current
///       segment, and its outcome is not `returned`
[[nodiscard]] Ruling rule_on(const Lab& lab, const Task& task, const Report& report);

}  // namespace swarmlab::swarm
