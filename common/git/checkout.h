// A tree as plain files in a fresh folder: no .git, no filters, no link ever followed.
#pragma once

#include <string>

#include "common/git/repository.h"
#include "common/result.h"

namespace swarmlab::git {

/// Writes every leaf of the tree into `folder`, which must be empty or not there (its parent is).
/// Files are 644 or 755, folders 755, whatever the umask; a submodule is an empty folder. On an
/// error what was written stays. Not synced: a checkout can be made again.
/// \param leave_out  a folder of the tree that stays empty; "" is none
[[nodiscard]] Result<void> checkout_tree(const Repository& repository, const ObjectId& tree,
                                         const std::string& folder,
                                         const std::string& leave_out = {});

}  // namespace swarmlab::git
