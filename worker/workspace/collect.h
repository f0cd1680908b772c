// What an agent left, made into a candidate's tree, or into the list of what it may not have done.
//
// Call it when every process of the agent is dead. It trusts nothing in the folder: no link is
// followed, nothing but regular files is opened, sizes are looked at before bytes, what was opened
// must be what was looked at.
//
// Without effect, as they never come into a candidate: empty folders, mode bits but the owner's x,
// times, extended attributes, and folders named __pycache__ that the parent lacks (Python leaves
// them wherever an agent runs something, and code in them would run in the place of its source).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/git/repository.h"
#include "common/lab/scope.h"
#include "common/result.h"

namespace swarmlab::worker {

struct CollectLimits {
  std::uint64_t max_file_bytes = 10'000'000;    // of each added or changed file
  std::uint64_t max_files = 100'000;            // entries in the workspace, folders included
  std::uint64_t max_total_bytes = 1ULL << 30U;  // of all added and changed files
};

struct Violation {
  std::string path;  // as text: control characters and bytes that are no UTF-8 are escaped
  std::string why;
  bool operator==(const Violation&) const = default;
};

struct Collected {
  ObjectId tree;  // the candidate's; the parent's if nothing changed; zero if there are violations
  std::vector<std::string> changed;   // editable paths that differ from the parent, sorted
  std::vector<Violation> violations;  // sorted by path; at most kMaxViolations
};

constexpr std::size_t kMaxViolations = 100;

struct CollectRequest {
  std::string folder;  // the workspace
  ObjectId parent_tree;
  CollectLimits limits;
  // Paths that are not looked at, as we put them there ourselves; nor is a ".git" at the root,
  // which an agent may make for its own use.
  std::vector<std::string> ignored;
  // Asked about the path, bytes and target of all that is added or changed; what has a secret is a
  // violation, and is not written anywhere.
  std::function<bool(std::string_view text)> is_secret = {};
};

/// Writes the blobs and trees of the candidate to `repository`. Makes folders and files of the
/// workspace readable for us where they are not. An Error means that we failed (disk, repository),
/// never that the agent did.
[[nodiscard]] Result<Collected> collect(git::Repository& repository, const Scope& scope,
                                        const CollectRequest& request);

}  // namespace swarmlab::worker
