#include "worker/workspace/workspace.h"

#include <map>
#include <string_view>

#include "common/git/checkout.h"

namespace swarmlab::worker {
namespace {

struct Node {
  std::map<std::string, Node> below;  // empty: a leaf, or a submodule's empty folder
  bool link = false;
};

Node tree_of(const std::vector<git::TreeEntry>& listing) {
  Node root;
  for (const git::TreeEntry& entry : listing) {
    Node* at = &root;
    for (std::string_view rest = entry.path; !rest.empty();) {
      const std::size_t slash = rest.find('/');
      at = &at->below[std::string(rest.substr(0, slash))];
      rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
    }
    at->link = entry.leaf.mode == git::FileMode::symlink;
  }
  return root;
}

class Planning {
 public:
  explicit Planning(const Scope& scope) : scope_(scope) {}

  void plan_below(const Node& folder, const std::string& path) {
    for (const auto& [name, node] : folder.below) {
      if (mounts_.size() > kMaxMounts) return;
      plan_entry(node, path.empty() ? name : path + "/" + name);
    }
  }

  [[nodiscard]] const std::vector<MountPlan>& mounts() const { return mounts_; }

 private:
  void plan_entry(const Node& node, const std::string& path) {
    if (node.link) return;  // a bind would go over what it leads to; collect() sees a changed link
    if (node.below.empty()) {
      if (!scope_.editable(path)) mounts_.push_back({path, false});
    } else if (!scope_.may_contain_editable(path)) {
      mounts_.push_back({path, false});
    } else if (!scope_.wholly_editable(path)) {
      plan_below(node, path);
    }
  }

  const Scope& scope_;
  std::vector<MountPlan> mounts_;
};

bool exists(const Node& root, std::string_view path) {
  const Node* at = &root;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const auto found = at->below.find(std::string(path.substr(0, slash)));
    if (found == at->below.end() || found->second.link) return false;
    at = &found->second;
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return true;
}

}  // namespace

Result<void> prepare(const git::Repository& repository, const ObjectId& tree,
                     const std::string& folder, const std::string& leave_out) {
  return git::checkout_tree(repository, tree, folder, leave_out);
}

std::vector<MountPlan> plan_mounts(const std::vector<git::TreeEntry>& listing, const Scope& scope,
                                   const std::vector<std::string>& protect) {
  const Node root = tree_of(listing);
  std::vector<MountPlan> mounts{{"", true}};
  Planning planning(scope);
  planning.plan_below(root, "");
  if (planning.mounts().size() <= kMaxMounts) {
    mounts.insert(mounts.end(), planning.mounts().begin(), planning.mounts().end());
    return mounts;
  }
  for (const std::string& path : protect) {
    if (path.empty() || scope.editable(path) || scope.may_contain_editable(path)) continue;
    if (exists(root, path)) mounts.push_back({path, false});
  }
  return mounts;
}

}  // namespace swarmlab::worker
