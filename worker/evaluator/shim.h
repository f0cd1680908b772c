// The python files that run a backend class of Autoresearch Lab, which this binary carries: the
// package that backends import, and run_backend.py.
#pragma once

#include <string>

#include "common/result.h"

namespace swarmlab::worker {

/// Writes them below `folder`, which may exist, for EvaluationPaths::shim. The same files are
/// written over.
[[nodiscard]] Result<void> write_shim(const std::string& folder);

}  // namespace swarmlab::worker
