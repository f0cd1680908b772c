// Brings commits to a coordinator elsewhere: what it lacks of them, in pieces, going on where an
// earlier try was cut off.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "cli/swarm.h"
#include "common/git/pack_file.h"
#include "common/model/object_id.h"
#include "common/result.h"

namespace swarmlab::cli {

/// Told how many bytes of how many the coordinator has.
using UploadProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;

/// Returns when the coordinator has `commit` on disk, with all that it needs; `file` is a pack of
/// it. Tries again while the coordinator is away for less than a minute.
/// \return  unavailable if it stays away; invalid_input if it refuses the pack
[[nodiscard]] Result<void> upload(Swarm& swarm, const ObjectId& commit, const std::string& file,
                                  const git::PackInfo& pack, const UploadProgress& progress = {});

}  // namespace swarmlab::cli
