// What a candidate may be: the rules on names, links and scope, the same for worker and
// coordinator.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/git/repository.h"
#include "common/result.h"

namespace swarmlab::git {

using PathPredicate = std::function<bool(std::string_view path)>;

/// Why no tree may hold an entry of this name (as people read it), or nothing. Refuses what git
/// refuses on any file system: empty, ".", "..", ".git" in any spelling that HFS+ or NTFS take for
/// it, "/" and NUL.
[[nodiscard]] std::optional<std::string> why_unsound_name(std::string_view name);

/// why_unsound_name, and also: not UTF-8, or with control characters.
[[nodiscard]] std::optional<std::string> why_unfit_for_candidate(std::string_view name);

/// The path as text that any log, JSON or terminal can take: control characters and, if it is not
/// UTF-8, all bytes above 127 as "\xNN".
[[nodiscard]] std::string printable_path(std::string_view path);

/// Why a symlink at `path` with this target may not be in a candidate: absolute, or leading (as
/// text, from its folder) to what is neither editable nor a folder above something editable... or
/// nothing.
[[nodiscard]] std::optional<std::string> why_unfit_link(std::string_view path,
                                                        std::string_view target,
                                                        const PathPredicate& editable);

/// The paths (printable) that make a candidate out of scope, sorted: what differs from the parent
/// and is not editable, and added or changed submodules and links that leave the scope. Empty: it
/// is within. For worker and coordinator.
[[nodiscard]] Result<std::vector<std::string>> verify_candidate(const Repository& repository,
                                                                const ObjectId& parent_tree,
                                                                const ObjectId& candidate_tree,
                                                                const PathPredicate& editable);

}  // namespace swarmlab::git
