// The list of commits whose parents a repository lacks on purpose. For the files of this room only.
#pragma once

#include <vector>

#include "common/git/repository.h"
#include "common/result.h"

namespace swarmlab::git {

/// Adds to the repository's `shallow` file; on disk when it returns. Do it before the commits are
/// stored: a line without its commit is harmless, a commit without its line is a broken history.
[[nodiscard]] Result<void> mark_shallow(const Repository& repository,
                                        const std::vector<ObjectId>& commits);

}  // namespace swarmlab::git
