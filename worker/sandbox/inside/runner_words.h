// What a worker and a runner say to each other, over one SOCK_SEQPACKET connection for each run.
// Orders, descriptors and endings are those of orders.h, so runs are the same; what differs:
//
//   worker -> runner   it connects; the runner listens no more until this run is over
//   runner -> worker   'h' and a Hello, when nothing runs and nothing of an earlier run is left;
//                      then the path of its own program
//   worker -> runner   one byte, with descriptors: the orders, the paths, then the command's 0 (may
//                      be missing), 1, 2 and 3 (may be missing)
//   runner -> worker   'r', without descriptors; or 'f' and why it cannot start
//   runner -> worker   'x' and an Ending, when the command has ended and all others are dead
//
// When the worker hangs up, all that the command started is killed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace swarmlab::sandbox {

inline constexpr const char* kRunnerSocket = "runner.sock";
inline constexpr const char* kInsideLinks =
    "inside";  // beside it: the paths of a sandbox, as links
inline constexpr char kHello = 'h';
inline constexpr std::uint32_t kRunnerWords = 1;  // another number: of another release
inline constexpr std::size_t kLongestProgram = 1024;

struct Hello {
  std::uint32_t words = kRunnerWords;
  std::int32_t landlock = 0;            // version of its interface; 0: there is none
  std::uint64_t network = 0;            // inode of its network namespace
  std::uint64_t memory_bytes = 0;       // limit of its container; 0: none is known
  std::uint32_t places = 0;             // bit i: kPlaces[i] leads to what lies at kInsideLinks
  std::uint32_t is_memory_watched = 0;  // 1: it can tell what the kernel killed for memory
};

// Folders that a sandbox has. Where an image has them as links to kInsideLinks, commands can name
// them; else the worker names what is behind them.
inline constexpr const char* kPlaces[] = {"/workspace", "/swarmlab", "/data", "/scratch",
                                          "/home/agent"};
inline constexpr std::size_t kPlaceCount = sizeof kPlaces / sizeof kPlaces[0];

// The paths: a file of texts, each ended by NUL. In turn what may be done, and an absolute path.
inline constexpr char kMayRead = 'r';   // and be run
inline constexpr char kMayWrite = 'w';  // and all below it be made and removed

}  // namespace swarmlab::sandbox
