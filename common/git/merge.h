// Two candidates in one: what both changed since what they come from.
#pragma once

#include <string>
#include <vector>

#include "common/git/repository.h"

namespace swarmlab::git {

// A file that both sides changed in the same place.
struct Conflict {
  std::string path;
  std::string marked;  // its text with both sides, between marks; empty: it is no text, or deleted
  bool operator==(const Conflict&) const = default;
};

struct Merged {
  ObjectId tree;                    // a whole one: of conflicting lines it has ours
  std::vector<Conflict> conflicts;  // by path
};

struct Sides {
  ObjectId base;  // trees: what both come from, and what each made of it
  ObjectId ours;
  ObjectId theirs;
  std::string our_name;  // stand at the marks
  std::string their_name;
};

/// A three-way merge of trees, written to the repository. Files conflict where both changed the
/// same lines: there ours stays. Of a file that one side deleted and the other changed, the change
/// stays.
/// \return  not_found if a tree is not there
[[nodiscard]] Result<Merged> merge(Repository& repository, const Sides& sides);

}  // namespace swarmlab::git
