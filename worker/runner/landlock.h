// Landlock: what a process and all that it starts may do with files, ports, signals and abstract
// sockets, without a capability (Linux 5.13, more of it in later ones; landlock(7)).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace swarmlab::runner {

// The version of its interface from which on something holds.
inline constexpr int kMovesFolders = 2;    // 5.19: renames between folders are possible at all
inline constexpr int kTruncates = 3;       // 6.2: truncate(2) of a file that may not be written
inline constexpr int kDecidesPorts = 4;    // 6.7
inline constexpr int kDecidesDevices = 5;  // 6.10
inline constexpr int kDecidesSignals = 6;  // 6.12, abstract sockets too

/// The version of its interface; 0: this kernel, or the container's seccomp profile, has none.
[[nodiscard]] int landlock_version();

struct Confinement {
  struct Path {
    enum class Kind : std::uint8_t { read, write, device } kind = Kind::read;
    std::string path;
  };
  std::vector<Path> paths;           // one that is not there is left out
  std::vector<std::uint16_t> ports;  // that may be connected to
};

/// Confines the calling process for good. Later ones only add to it. \return an errno, 0: done
[[nodiscard]] int confine(const Confinement& what, int version);

}  // namespace swarmlab::runner
