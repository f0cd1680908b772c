// A file in memory that nobody can change: how bytes are handed to a child without a path.
#pragma once

#include <string_view>

#include "common/os/unique_fd.h"
#include "common/result.h"

namespace swarmlab::sandbox {

/// A descriptor at the start of `bytes`. `name` is for those who debug.
[[nodiscard]] Result<UniqueFd> memory_file(const char* name, std::string_view bytes);

}  // namespace swarmlab::sandbox
