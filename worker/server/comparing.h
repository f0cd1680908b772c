// A pair of runs: of a candidate that was measured before, and of what it is compared with, one
// after the other on this machine.
#pragma once

#include "common/git/repository.h"
#include "common/model/report.h"
#include "common/result.h"
#include "worker/server/trials.h"

namespace swarmlab::worker {

/// The report has the runs, or the outcome of what failed: what was kept before and does not run
/// here is this machine's own failure.
Result<void> compare(Trials& trials, git::Repository& repository, const Comparison& comparison,
                     Report& report);

}  // namespace swarmlab::worker
