// Packs that we make: of wanted commits, or from one repository straight into another.
#include <git2.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "common/git/handle.h"
#include "common/git/pack.h"
#include "common/git/shallow.h"

namespace swarmlab::git {
namespace {

// The objects of commits that the other side lacks, in the order to pack them.
class Gathering {
 public:
  using Known = std::function<bool(const ObjectId&)>;
  Gathering(const Repository& repository, Known known)
      : repository_(repository), known_(std::move(known)) {}

  Result<void> add_commit(const ObjectId& commit, const std::vector<ObjectId>& had_trees) {
    if (!take(commit)) return {};
    SWARMLAB_TRY(tree, repository_.tree_of(commit));
    return add_tree(tree, had_trees);
  }

  [[nodiscard]] const std::vector<ObjectId>& objects() const { return objects_; }

 private:
  bool take(const ObjectId& id) {
    if (known_(id) || !seen_.insert(id).second) return false;
    objects_.push_back(id);
    return true;
  }

  // `had`: what the other side has in the place of this folder.
  Result<void> add_tree(const ObjectId& tree, const std::vector<ObjectId>& had) {
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

  [[nodiscard]] std::vector<ObjectId> folders_of(const std::vector<ObjectId>& ids) const {
    std::vector<ObjectId> folders;
    for (const ObjectId& id : ids) {
      if (tree_at(repository_, id)) folders.push_back(id);
    }
    return folders;
  }

  const Repository& repository_;
  Known known_;
  std::set<ObjectId> seen_;
  std::vector<ObjectId> objects_;
};

Result<Owned<git_packbuilder>> builder_of(const Repository& repository,
                                          const std::vector<ObjectId>& objects) {
  git_packbuilder* made = nullptr;
  int code = git_packbuilder_new(&made, repository.raw());
  if (code != 0) return git_failed("make a pack", code);
  Owned<git_packbuilder> builder(made);
  for (const ObjectId& id : objects) {
    const git_oid oid = to_oid(id);
    code = git_packbuilder_insert(made, &oid, nullptr);
    if (code != 0) return git_failed("pack object " + id.hex(), code);
  }
  return builder;
}

}  // namespace

Result<std::string> make_pack(const Repository& repository, const std::vector<ObjectId>& wanted,
                              const std::vector<ObjectId>& had) {
  std::vector<ObjectId> had_trees;
  for (const ObjectId& commit : had) {
    if (const auto tree = repository.tree_of(commit)) had_trees.push_back(*tree);
  }
  const std::set<ObjectId> had_commits(had.begin(), had.end());
  Gathering gathering(repository,
                      [&had_commits](const ObjectId& id) { return had_commits.contains(id); });
  for (const ObjectId& commit : wanted) {
    SWARMLAB_CHECK(gathering.add_commit(commit, had_trees));
  }
  SWARMLAB_TRY(builder, builder_of(repository, gathering.objects()));
  git_buf buffer = GIT_BUF_INIT;
  const int code = git_packbuilder_write_buf(&buffer, builder.get());
  if (code != 0) return git_failed("write a pack", code);
  std::string pack(buffer.ptr, buffer.size);
  git_buf_dispose(&buffer);
  return pack;
}

Result<void> copy_commit(const Repository& from, const ObjectId& commit, Repository& to) {
  SWARMLAB_TRY(parents, from.parents_of(commit));
  Gathering gathering(from, [&to](const ObjectId& id) { return to.has(id); });
  SWARMLAB_CHECK(gathering.add_commit(commit, {}));
  if (gathering.objects().empty()) return {};
  const bool cut = std::any_of(parents.begin(), parents.end(),
                               [&to](const ObjectId& parent) { return !to.has(parent); });
  if (cut) SWARMLAB_CHECK(mark_shallow(to, {commit}));
  SWARMLAB_TRY(builder, builder_of(from, gathering.objects()));
  const std::string folder = to.git_folder() + "/objects/pack";
  const int code = git_packbuilder_write(builder.get(), folder.c_str(), 0, nullptr, nullptr);
  if (code != 0) return git_failed("write a pack to " + folder, code);
  return to.refresh();
}

}  // namespace swarmlab::git
