// What a folder of this host holds, as git would name it: the tree's id, and the id of every file.
// Reads in pieces, so files of any size work.
//
// What was hashed once is not read again while device, inode, size, mtime and ctime are the same.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/git/types.h"
#include "common/result.h"

namespace swarmlab::git {

struct ManifestFile {
  std::string path;  // relative to the folder
  Leaf leaf;
  std::uint64_t bytes = 0;
  bool operator==(const ManifestFile&) const = default;
};

struct FolderManifest {
  ObjectId tree;
  std::vector<ManifestFile> files;  // sorted by path
  bool operator==(const FolderManifest&) const = default;
};

/// Takes each tree of a folder, inner ones first, the folder's own last.
using OnTree = std::function<Result<void>(const ObjectId& id, std::string_view bytes)>;

// Threads: one at a time.
class FolderHasher {
 public:
  /// Regular files (644 or 755 by the owner's x bit) and symlinks by their target; empty folders do
  /// not count. Nothing is left out, also no .gitignore'd file. `invalid_input` on a fifo, socket
  /// or device, or a name that git does not take; `conflict` if a file changed while it was read.
  [[nodiscard]] Result<FolderManifest> hash(const std::string& folder, const OnTree& on_tree = {});

  /// Files that were read, not remembered, since this was made.
  [[nodiscard]] std::uint64_t files_read() const { return files_read_; }

 private:
  friend class FolderWalk;
  struct Known {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t bytes = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;
    ObjectId id;
    bool operator==(const Known&) const = default;
  };
  std::map<std::string, Known> known_;  // by path on this host
  std::uint64_t files_read_ = 0;
};

/// One line a file, "MODE ID PATH"; cut after a whole line at `max_bytes`. An empty line at its end
/// says that it was not.
[[nodiscard]] std::string manifest_text(const FolderManifest& manifest, std::size_t max_bytes);

/// The first file (by path) that differs from what such a text says, and how; nothing if none does
/// as far as the text goes.
[[nodiscard]] std::optional<std::string> first_difference(const FolderManifest& manifest,
                                                          std::string_view expected);

}  // namespace swarmlab::git
