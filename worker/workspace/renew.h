// A workspace whose agent lives on, brought to the tree of its next experiment: in place, as the
// sandbox shows this very folder and binds parts of it read-only.
#pragma once

#include <string>
#include <vector>

#include "common/git/repository.h"
#include "common/lab/scope.h"
#include "common/result.h"

namespace swarmlab::worker {

struct Renewal {
  std::string folder;             // the workspace
  ObjectId before;                // what was laid out there
  ObjectId tree;                  // what is to be
  std::vector<std::string> keep;  // paths that are mounts of ours: left as they are
  std::string leave_out;          // a folder of the tree that stays empty; "" is none
  // A folder that is not there yet, on the same file system: gone afterwards.
  std::string scratch;
};

/// Removes all but what is frozen, and puts there what may be edited, as the tree has it. What is
/// frozen is not touched: what is bound read-only stays so. Follows no link that was left there.
/// \pre  nothing of the agent runs, and collect() found no violations
/// \return invalid_input if the trees differ in what is frozen, or the folder is not as it was:
///         then a new one is to be made
[[nodiscard]] Result<void> renew(const git::Repository& repository, const Scope& scope,
                                 const Renewal& renewal);

}  // namespace swarmlab::worker
