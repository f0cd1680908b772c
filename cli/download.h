// Brings candidates from a coordinator elsewhere into the user's repository: what they changed, in
// pieces, going on where an earlier try was cut off.
#pragma once

#include <cstdint>
#include <string>

#include "cli/swarm.h"
#include "common/git/repository.h"
#include "common/model/object_id.h"
#include "common/result.h"

namespace swarmlab::cli {

struct Wanted {
  std::string lab;  // name
  std::uint64_t experiment = 0;
  ObjectId commit;  // its candidate
};

/// Returns when the repository has the candidate, checked as all that arrives is; at once if it has
/// it already. Tries again while the coordinator is away for less than a minute.
/// \pre  the repository has the commit that the candidate started from
/// \return  unavailable if the coordinator stays away; invalid_input if what it sent is not that
///          candidate, or the key may not look
[[nodiscard]] Result<void> download(Swarm& swarm, const Wanted& wanted,
                                    git::Repository& repository);

}  // namespace swarmlab::cli
