// An entry of a folder that somebody else filled, opened and read without trusting it: no link is
// followed, and what was opened is what was looked at. For the files of this room only.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>

#include "common/os/unique_fd.h"

namespace swarmlab::worker {

struct Found {
  int folder = -1;  // open
  std::string name;
  std::string path;      // from the workspace's root
  struct stat about {};  // as lstat saw it
  [[nodiscard]] std::uint64_t size() const { return static_cast<std::uint64_t>(about.st_size); }
};

/// Opens the very inode that `about` tells of, for reading with these flags; nothing (errno says
/// why, ESTALE: another was there) if that fails. If it is ours but lacks the `needed` mode bits,
/// we give them to ourselves.
[[nodiscard]] UniqueFd open_found(const Found& found, int flags, mode_t needed);

/// All of an open file; nothing if it has more than `max_bytes`, or cannot be read. `expected`: the
/// size that it most likely has.
[[nodiscard]] std::optional<std::string> read_open(int fd, std::uint64_t expected,
                                                   std::uint64_t max_bytes);

}  // namespace swarmlab::worker
