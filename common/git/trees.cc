// Repository: listing, comparing and rewriting trees.
#include <git2.h>

#include <algorithm>
#include <map>
#include <span>

#include "common/git/handle.h"
#include "common/git/repository.h"
#include "common/git/verify.h"

namespace swarmlab::git {
namespace {

// A tree of a few objects can unfold to billions of paths, each folder naming one below ten times.
constexpr std::size_t kMaxPaths = 1'000'000;
constexpr std::size_t kMaxDepth = 128;

Result<void> check_walk(std::size_t paths, std::size_t depth, std::string_view folder) {
  if (paths > kMaxPaths) {
    return fail(ErrorCode::invalid_input, "the tree unfolds to more than {} paths", kMaxPaths);
  }
  if (depth > kMaxDepth) {
    return fail(ErrorCode::invalid_input, "{}: folders nest deeper than {}", folder, kMaxDepth);
  }
  return {};
}

Result<void> list_below(const Repository& repository, const ObjectId& tree,
                        const std::string& folder, std::size_t depth,
                        std::vector<TreeEntry>& listing) {
  SWARMLAB_TRY(entries, entries_of(repository, tree));
  for (const RawEntry& entry : entries) {
    SWARMLAB_CHECK(check_walk(listing.size(), depth, folder));
    std::string path = joined(folder, entry.name);
    if (entry.folder) {
      SWARMLAB_CHECK(list_below(repository, entry.leaf.id, path, depth + 1, listing));
    } else {
      listing.push_back({std::move(path), entry.leaf});
    }
  }
  return {};
}

using ByName = std::map<std::string, RawEntry>;

Result<ByName> entries_by_name(const Repository& repository, const std::optional<ObjectId>& tree) {
  ByName named;
  if (!tree) return named;
  SWARMLAB_TRY(entries, entries_of(repository, *tree));
  for (RawEntry& entry : entries) named.emplace(entry.name, entry);
  return named;
}

class Comparison {
 public:
  explicit Comparison(const Repository& repository) : repository_(repository) {}

  Result<void> compare(const std::optional<ObjectId>& before, const std::optional<ObjectId>& after,
                       const std::string& folder, std::size_t depth) {
    if (before == after) return {};
    SWARMLAB_TRY(old_entries, entries_by_name(repository_, before));
    SWARMLAB_TRY(new_entries, entries_by_name(repository_, after));
    for (const auto& [name, entry] : old_entries) {
      const auto found = new_entries.find(name);
      const RawEntry* other = found == new_entries.end() ? nullptr : &found->second;
      SWARMLAB_CHECK(compare_entry(&entry, other, joined(folder, name), depth));
    }
    for (const auto& [name, entry] : new_entries) {
      if (old_entries.contains(name)) continue;
      SWARMLAB_CHECK(compare_entry(nullptr, &entry, joined(folder, name), depth));
    }
    return {};
  }

  std::vector<PathChange> take() {
    std::sort(changes_.begin(), changes_.end(),
              [](const PathChange& a, const PathChange& b) { return a.path < b.path; });
    return std::move(changes_);
  }

 private:
  Result<void> compare_entry(const RawEntry* before, const RawEntry* after, const std::string& path,
                             std::size_t depth) {
    SWARMLAB_CHECK(check_walk(changes_.size(), depth, path));
    const auto leaf = [](const RawEntry* entry) {
      return entry == nullptr || entry->folder ? std::nullopt : std::optional(entry->leaf);
    };
    const auto tree = [](const RawEntry* entry) {
      return entry == nullptr || !entry->folder ? std::nullopt : std::optional(entry->leaf.id);
    };
    if (leaf(before) != leaf(after)) changes_.push_back({path, leaf(before), leaf(after)});
    return compare(tree(before), tree(after), path, depth + 1);
  }

  const Repository& repository_;
  std::vector<PathChange> changes_;
};

// An edit, and how much of its path the folders above have used up.
struct Step {
  std::string_view rest;
  const PathEdit* edit;
};

class Rewriting {
 public:
  explicit Rewriting(Repository& repository) : repository_(repository) {}

  // The new tree, or nothing if it is empty. `steps` are sorted by path.
  Result<std::optional<ObjectId>> rewrite(const std::optional<ObjectId>& base,
                                          std::span<const Step> steps) {
    Owned<git_tree> old_tree;
    if (base) {
      SWARMLAB_TRY(found, tree_at(repository_, *base));
      old_tree = std::move(found);
    }
    git_treebuilder* raw = nullptr;
    const int code = git_treebuilder_new(&raw, repository_.raw(), old_tree.get());
    if (code != 0) return git_failed("rewrite a tree", code);
    const Owned<git_treebuilder> builder(raw);
    while (!steps.empty()) {
      const std::string name(steps.front().rest.substr(0, steps.front().rest.find('/')));
      const auto of_name = [&name](const Step& step) {
        return step.rest.substr(0, step.rest.find('/')) == name;
      };
      const auto end = std::find_if_not(steps.begin(), steps.end(), of_name);
      const auto count = static_cast<std::size_t>(end - steps.begin());
      SWARMLAB_CHECK(rewrite_entry(raw, name, steps.first(count)));
      steps = steps.subspan(count);
    }
    return written(raw);
  }

 private:
  Result<void> rewrite_entry(git_treebuilder* builder, const std::string& name,
                             std::span<const Step> steps) {
    std::vector<Step> below;
    const PathEdit* here = nullptr;
    for (const Step& step : steps) {
      if (step.rest.size() == name.size()) {
        here = step.edit;
      } else {
        below.push_back({step.rest.substr(name.size() + 1), step.edit});
      }
    }
    const bool puts_below = std::any_of(below.begin(), below.end(),
                                        [](const Step& s) { return s.edit->leaf.has_value(); });
    if (here != nullptr && here->leaf && puts_below) {
      return fail(ErrorCode::invalid_input, "{}: is edited as a file and as a folder", here->path);
    }
    if (here != nullptr && here->leaf) {
      return insert(builder, name, here->leaf->id, number_of(here->leaf->mode));
    }
    const git_tree_entry* old = git_treebuilder_get(builder, name.c_str());
    const bool is_folder = old != nullptr && git_tree_entry_type(old) == GIT_OBJECT_TREE;
    if (here == nullptr && !puts_below && !is_folder) {
      return {};  // removals below what is no folder
    }
    std::optional<ObjectId> base;
    if (here == nullptr && is_folder) base = from_oid(*git_tree_entry_id(old));
    SWARMLAB_TRY(tree, rewrite(base, below));
    if (tree) return insert(builder, name, *tree, GIT_FILEMODE_TREE);
    if (old == nullptr) return {};
    const int code = git_treebuilder_remove(builder, name.c_str());
    if (code != 0) return git_failed(name, code);
    return {};
  }

  static Result<void> insert(git_treebuilder* builder, const std::string& name, const ObjectId& id,
                             unsigned int mode) {
    const git_oid oid = to_oid(id);
    const int code = git_treebuilder_insert(nullptr, builder, name.c_str(), &oid,
                                            static_cast<git_filemode_t>(mode));
    if (code != 0) return git_failed(name, code);
    return {};
  }

  static Result<std::optional<ObjectId>> written(git_treebuilder* builder) {
    if (git_treebuilder_entrycount(builder) == 0) return std::optional<ObjectId>();
    git_oid oid;
    const int code = git_treebuilder_write(&oid, builder);
    if (code != 0) return git_failed("write a tree", code);
    return std::optional(from_oid(oid));
  }

  Repository& repository_;
};

Result<void> check_path(std::string_view path) {
  std::size_t depth = 0;
  for (std::string_view rest = path;; ++depth) {
    const std::size_t slash = rest.find('/');
    if (auto why = why_unsound_name(rest.substr(0, slash))) {
      return fail(ErrorCode::invalid_input, "{}: {}", path, *why);
    }
    SWARMLAB_CHECK(check_walk(0, depth, path));
    if (slash == std::string_view::npos) return {};
    rest.remove_prefix(slash + 1);
  }
}

// "a-b" sorts between "a" and "a/b" by bytes: compare so that a folder's paths stay together.
bool before_in_tree(std::string_view a, std::string_view b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c); };
    return rank(x) < rank(y);
  });
}

}  // namespace

Result<std::vector<TreeEntry>> Repository::list_tree(const ObjectId& tree) const {
  std::vector<TreeEntry> listing;
  SWARMLAB_CHECK(list_below(*this, tree, "", 0, listing));
  return listing;
}

Result<std::vector<PathChange>> Repository::changed_paths(const ObjectId& before,
                                                          const ObjectId& after) const {
  Comparison comparison(*this);
  SWARMLAB_CHECK(comparison.compare(before, after, "", 0));
  return comparison.take();
}

Result<ObjectId> Repository::replace_paths(const ObjectId& base,
                                           const std::vector<PathEdit>& edits) {
  std::vector<Step> steps;
  for (const PathEdit& edit : edits) {
    SWARMLAB_CHECK(check_path(edit.path));
    steps.push_back({edit.path, &edit});
  }
  std::sort(steps.begin(), steps.end(),
            [](const Step& a, const Step& b) { return before_in_tree(a.rest, b.rest); });
  for (std::size_t i = 1; i < steps.size(); ++i) {
    if (steps[i].rest != steps[i - 1].rest) continue;
    return fail(ErrorCode::invalid_input, "{}: is edited twice", steps[i].rest);
  }
  SWARMLAB_TRY(tree, Rewriting(*this).rewrite(base, steps));
  if (tree) return *tree;
  git_treebuilder* raw = nullptr;  // nothing is left: the empty tree
  int code = git_treebuilder_new(&raw, handle_.get(), nullptr);
  if (code != 0) return git_failed("make an empty tree", code);
  const Owned<git_treebuilder> builder(raw);
  git_oid oid;
  code = git_treebuilder_write(&oid, raw);
  if (code != 0) return git_failed("write the empty tree", code);
  return from_oid(oid);
}

}  // namespace swarmlab::git
