// Answers queries from the store that a coordinator left, while none runs.
#pragma once

#include <filesystem>
#include <memory>

#include "common/result.h"

namespace swarmlab::cli {

class Answerer;

/// \param state  the `.swarmlab` folder
/// \return not_found if nothing was run here yet
[[nodiscard]] Result<std::unique_ptr<Answerer>> open_stored_swarm(
    const std::filesystem::path& state);

}  // namespace swarmlab::cli
