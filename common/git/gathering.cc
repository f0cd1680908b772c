#include "common/git/gathering.h"

#include <algorithm>
#include <map>

#include "common/git/handle.h"

namespace swarmlab::git {

Result<Gathering> Gathering::of(const Repository& repository, const std::vector<ObjectId>& wanted,
                                const std::vector<ObjectId>& had, std::size_t max_objects) {
  std::vector<ObjectId> had_trees;
  for (const ObjectId& commit : had) {
    if (const auto tree = repository.tree_of(commit)) had_trees.push_back(*tree);
  }
  Gathering gathering(repository, [commits = std::set(had.begin(), had.end())](const ObjectId& id) {
    return commits.contains(id);
  });
  gathering.max_objects_ = max_objects;
  for (const ObjectId& commit : wanted) {
    SWARMLAB_CHECK(gathering.add_commit(commit, had_trees));
  }
  return gathering;
}

Result<void> Gathering::add_commit(const ObjectId& commit, const std::vector<ObjectId>& had_trees) {
  if (!take(commit)) return {};
  SWARMLAB_TRY(tree, repository_.tree_of(commit));
  return add_tree(tree, had_trees);
}

bool Gathering::take(const ObjectId& id) {
  if (objects_.size() >= max_objects_) has_more_ = true;
  if (has_more_ || known_(id) || !seen_.insert(id).second) return false;
  objects_.push_back(id);
  return true;
}

// `had`: what the other side has in the place of this folder.
Result<void> Gathering::add_tree(const ObjectId& tree, const std::vector<ObjectId>& had) {
  if (std::find(had.begin(), had.end(), tree) != had.end() || !take(tree)) return {};
  std::map<std::string, std::vector<ObjectId>> had_by_name;
  for (const ObjectId& other : had) {
    SWARMLAB_TRY(entries, entries_of(repository_, other));
    for (const RawEntry& entry : entries) had_by_name[entry.name].push_back(entry.leaf.id);
  }
  SWARMLAB_TRY(entries, entries_of(repository_, tree));
  for (const RawEntry& entry : entries) {
    const std::vector<ObjectId>& there = had_by_name[entry.name];
    if (std::find(there.begin(), there.end(), entry.leaf.id) != there.end()) continue;
    if (entry.folder) {
      SWARMLAB_CHECK(add_tree(entry.leaf.id, folders_of(there)));
    } else if (entry.leaf.mode != FileMode::submodule) {
      take(entry.leaf.id);
    }
  }
  return {};
}

std::vector<ObjectId> Gathering::folders_of(const std::vector<ObjectId>& ids) const {
  std::vector<ObjectId> folders;
  for (const ObjectId& id : ids) {
    if (tree_at(repository_, id)) folders.push_back(id);
  }
  return folders;
}

}  // namespace swarmlab::git
