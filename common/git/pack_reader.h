// Reads a pack into memory within limits, checking each object by itself. For the files of this
// room only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/git/hash.h"
#include "common/git/pack.h"
#include "common/model/object_id.h"
#include "common/result.h"

namespace swarmlab::git {

struct PackedObject {
  ObjectKind kind = ObjectKind::blob;
  ObjectId id;  // computed from the bytes
  std::string bytes;
};

/// Every object of the pack, deltas applied. Commits are well formed in what they name; trees have
/// sound, sorted, distinct names and known modes. `invalid_input` says what is wrong.
[[nodiscard]] Result<std::vector<PackedObject>> read_pack(std::string_view pack,
                                                          const PackLimits& limits);

struct NamedByTree {
  ObjectId id;
  bool folder = false;  // else a blob; submodules are left out
};
/// What a tree names; `invalid_input` as for read_pack.
[[nodiscard]] Result<std::vector<NamedByTree>> named_by_tree(std::string_view bytes);

struct NamedByCommit {
  ObjectId tree;
  std::vector<ObjectId> parents;
};
[[nodiscard]] Result<NamedByCommit> named_by_commit(std::string_view bytes);

}  // namespace swarmlab::git
