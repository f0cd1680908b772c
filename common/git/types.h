// The plain values of a git repository, as the rest of swarmlab sees them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/model/object_id.h"
#include "common/strong_id.h"

namespace swarmlab::git {

enum class FileMode : std::uint8_t { regular, executable, symlink, submodule };

// What a path of a tree holds. Folders are no leaves: git knows them only by what is in them.
struct Leaf {
  FileMode mode = FileMode::regular;
  ObjectId id;  // of the blob (of a symlink: its target); of a submodule: the commit
  bool operator==(const Leaf&) const = default;
};

struct TreeEntry {
  std::string path;  // relative to the tree, "/" between components
  Leaf leaf;
  bool operator==(const TreeEntry&) const = default;
};

// What to make of a path: a leaf, or nothing (removed).
struct PathEdit {
  std::string path;
  std::optional<Leaf> leaf;
};

// A path that differs between two trees. At least one side is there.
struct PathChange {
  std::string path;
  std::optional<Leaf> before;
  std::optional<Leaf> after;
  bool operator==(const PathChange&) const = default;
};

struct CommitText {
  std::string author_name;   // not empty; "<", ">" and line breaks are taken out
  std::string author_email;  // likewise
  Timestamp at;
  std::string message;  // a NUL is taken out
};

struct Ref {
  std::string name;  // "refs/..."
  ObjectId id;
  bool operator==(const Ref&) const = default;
};

// A file of a worktree that is not as its HEAD commit has it.
struct DirtyFile {
  enum class Kind : std::uint8_t { modified, untracked, removed };
  std::string path;  // relative to the root of the worktree
  Kind kind = Kind::modified;
  bool operator==(const DirtyFile&) const = default;
};

}  // namespace swarmlab::git
