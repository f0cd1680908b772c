// Two candidates in one: what both changed since what they come from.
#pragma once

#include <string>
#include <vector>

#include "common/git/repository.h"

namespace swarmlab::git {

struct Merged {
  ObjectId tree;                       // conflicting files have both sides in them, marked
  std::vector<std::string> conflicts;  // paths, sorted; empty: the tree is whole
};

struct Sides {
  ObjectId base;  // trees: what both come from, and what each made of it
  ObjectId ours;
  ObjectId theirs;
  std::string our_name;  // stand at the marks
  std::string their_name;
};

/// A three-way merge of trees, written to the repository. Files conflict where both changed the
/// same lines; of a file that one side deleted and the other changed, the change stays.
/// \return  not_found if a tree is not there
[[nodiscard]] Result<Merged> merge(Repository& repository, const Sides& sides);

}  // namespace swarmlab::git
