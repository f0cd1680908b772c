// How many files this process may have open. Each peer and each attempt takes some, and the usual
// soft limit (1024) is far below what the machine allows.
#pragma once

#include <cstdint>

#include "common/result.h"

namespace swarmlab {

/// Raises the soft limit to the hard one. Of the whole process: for the shell, at its start.
/// \return  what holds now
Result<std::uint64_t> raise_open_files();

}  // namespace swarmlab
