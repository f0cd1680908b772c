// A candidate on its way: from the coordinator's objects, into the agent's sandbox, and out as a
// pack.
#pragma once

#include <string>
#include <vector>

#include "common/git/repository.h"
#include "common/lab/scope.h"
#include "common/model/report.h"
#include "common/result.h"
#include "worker/sandbox/sandbox.h"
#include "worker/spool/spool.h"

namespace swarmlab::worker {

/// What an attempt needs to have of the lab's objects.
[[nodiscard]] std::vector<ObjectId> commits_for(const Assignment& assignment);

struct WorkspacePlaces {
  std::string folder;       // of the checkout, on this host
  std::string lab;          // the lab's folder, relative to it
  std::string data;         // large data, on this host
  std::string data_inside;  // where it belongs in the checkout; empty: nowhere
};

/// Binds of the workspace: all of it, then what may not be written over it. What an agent took away
/// in an earlier round (the empty folder of a submodule is all that it can) is not bound.
[[nodiscard]] Result<std::vector<sandbox::Mount>> workspace_mounts(
    const git::Repository& repository, const ObjectId& tree, const Scope& scope,
    const WorkspacePlaces& places);

/// Packs the report's commit: into the result if it is small, else into `file`. \return  its bytes
[[nodiscard]] Result<std::uint64_t> pack_candidate(const git::Repository& repository,
                                                   const std::vector<ObjectId>& had,
                                                   const std::string& file, SpooledReport& result);

}  // namespace swarmlab::worker
