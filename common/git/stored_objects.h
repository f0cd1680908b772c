// The objects of a repository as they lie on disk: read in pieces, and deflated ones taken as they
// are, neither of which libgit2 can do. For the files of this room only.
//
// Packs are looked for once. Who holds this may see packs go (others fold them together): their
// files stay open here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "common/git/hash.h"
#include "common/git/pack_file.h"
#include "common/git/repository.h"
#include "common/result.h"

namespace swarmlab::git {

class PackWriter;

class StoredObjects {
 public:
  /// `repository` must outlive it.
  explicit StoredObjects(const Repository& repository);
  StoredObjects(const StoredObjects&) = delete;
  StoredObjects& operator=(const StoredObjects&) = delete;
  StoredObjects(StoredObjects&&) = delete;
  StoredObjects& operator=(StoredObjects&&) = delete;
  ~StoredObjects();

  /// Adds the object to a pack: copied if it lies deflated in one, else deflated anew. One that is
  /// stored as a delta is held in memory.
  [[nodiscard]] Result<void> copy(const ObjectId& id, PackWriter& to) const;

  /// The bytes of a blob, in pieces (one that is stored as a delta: at once). `corrupt` if they do
  /// not have this id.
  [[nodiscard]] Result<void> read_blob(const ObjectId& id, const Sink& sink) const;

 private:
  class Pack;
  struct Place;
  [[nodiscard]] Result<std::optional<Place>> find(const ObjectId& id) const;
  [[nodiscard]] Result<bool> read_loose(
      const ObjectId& id, const std::function<Result<void>(ObjectKind, std::uint64_t)>& begin,
      const Sink& sink) const;

  const Repository& repository_;
  std::vector<std::unique_ptr<Pack>> packs_;
};

}  // namespace swarmlab::git
