// git's packed-refs: all refs of a repository in one file, sorted by name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "common/model/object_id.h"
#include "common/result.h"

namespace swarmlab::store {

struct PackedRefs {
  std::uint64_t count = 0;
  std::string sha256;  // of the file; of nothing if there is none
};

/// What the file of the repository holds.
[[nodiscard]] Result<PackedRefs> look_at_packed_refs(const std::filesystem::path& repository);

/// Leaves refs whose names begin with `prefix` out: they are made anew.
[[nodiscard]] Result<PackedRefs> remove_packed_refs(const std::filesystem::path& repository,
                                                    std::string_view prefix);

/// Adds refs, or moves those that are there; the others stay. On disk when it returns; a crash
/// leaves the old file. A lock that a dead process left is taken over: only one process writes.
/// \return what the file holds now.
Result<PackedRefs> merge_packed_refs(const std::filesystem::path& repository,
                                     const std::map<std::string, ObjectId>& refs);

}  // namespace swarmlab::store
