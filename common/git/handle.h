// Owners of libgit2's objects, and its errors as ours. For the files of this room only.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/git/repository.h"
#include "common/model/object_id.h"
#include "common/result.h"

struct git_commit;
struct git_object;
struct git_odb;
struct git_odb_object;
struct git_oid;
struct git_packbuilder;
struct git_tree;
struct git_treebuilder;

namespace swarmlab::git {

struct Free {
  void operator()(git_commit* commit) const;
  void operator()(git_object* object) const;
  void operator()(git_odb* odb) const;
  void operator()(git_odb_object* object) const;
  void operator()(git_packbuilder* builder) const;
  void operator()(git_tree* tree) const;
  void operator()(git_treebuilder* builder) const;
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

/// The error of the libgit2 call that just returned `code` on this thread.
[[nodiscard]] tl::unexpected<Error> git_failed(std::string_view what, int code);

[[nodiscard]] git_oid to_oid(const ObjectId& id);
[[nodiscard]] ObjectId from_oid(const git_oid& oid);

[[nodiscard]] Result<Owned<git_odb>> odb_of(const Repository& repository);
[[nodiscard]] Result<Owned<git_tree>> tree_at(const Repository& repository, const ObjectId& id);
[[nodiscard]] Result<Owned<git_commit>> commit_at(const Repository& repository, const ObjectId& id);

// An entry of a tree, also of its folders, by plain values.
struct RawEntry {
  std::string name;
  bool folder = false;
  Leaf leaf;  // of a folder: its id, `mode` says nothing
  bool operator==(const RawEntry&) const = default;
};
[[nodiscard]] Result<std::vector<RawEntry>> entries_of(const Repository& repository,
                                                       const ObjectId& tree);

/// "a/b" of "a" and "b"; "b" of "" and "b".
[[nodiscard]] std::string joined(std::string_view folder, std::string_view name);

/// The number that git writes for a mode (0100644, ...).
[[nodiscard]] unsigned int number_of(FileMode mode);

}  // namespace swarmlab::git
