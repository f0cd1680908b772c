// Files that are deleted but still open: they take space on disk, and no walk over folders finds
// them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace swarmlab::sandbox {

/// Of all these processes together more counts as endless: it could hide what it holds.
inline constexpr std::size_t kMaxDescriptors = 100'000;

/// What such files of these processes take, each once, on the file systems that hold `folders`.
/// Processes that we may not look into count as holding nothing.
[[nodiscard]] std::uint64_t bytes_of_deleted_files(const std::vector<pid_t>& processes,
                                                   const std::vector<std::string>& folders);

}  // namespace swarmlab::sandbox
