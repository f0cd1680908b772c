// git's packed-refs: all refs of a repository in one file, sorted by name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "common/model/object_id.h"
#include "common/result.h"

namespace swarmlab::store {

/// How many refs the file of the repository holds. 0 if there is none.
[[nodiscard]] Result<std::uint64_t> count_packed_refs(const std::filesystem::path& repository);

/// Adds refs, or moves those that are there; the others stay. On disk when it returns; a crash
/// leaves the old file. A lock that a dead process left is taken over: only one process writes.
/// \return how many refs the file holds now.
Result<std::uint64_t> merge_packed_refs(const std::filesystem::path& repository,
                                        const std::map<std::string, ObjectId>& refs);

}  // namespace swarmlab::store
