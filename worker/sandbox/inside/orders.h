// What a worker and its program inside a container say to each other, over one SOCK_SEQPACKET
// socket. Both are of the same build, so there are no versions.
//
//   inside -> worker   it connects
//   worker -> inside   one byte, with descriptors: the orders, a seccomp filter, then the command's
//   0
//                      (may be missing), 1, 2 and 3 (may be missing)
//   inside -> worker   'r', with a listening socket for each port, or 'f' and why it cannot start
//
// Of a kernel of its own no listening sockets come, but each time that somebody inside connects to
// a port (relay.h):
//
//   inside -> worker   'g', the number of the port and a number of the connection, one byte each
//   worker -> inside   'g' and that number, with a connected socket, or none if it is refused
//
//   inside -> worker   'x' and an Ending, when the command has ended and all others are dead
//
// When the worker hangs up, all inside are killed. Of a kernel of its own it does so last of all.
#pragma once

#include <cstddef>
#include <cstdint>

namespace swarmlab::sandbox {

inline constexpr const char* kInsideFolder = "/run/swarmlab";
inline constexpr const char* kInsideProgram = "/run/swarmlab/inside";
inline constexpr const char* kInsideSocket = "/run/swarmlab/control";

inline constexpr char kReady = 'r';
inline constexpr char kFailed = 'f';
inline constexpr char kGate = 'g';
inline constexpr char kEnded = 'x';

inline constexpr std::size_t kMostOrderFds = 6;
inline constexpr std::size_t kMostPorts = 8;

// The orders: a file of texts, each ended by NUL. First these numbers in decimal, one text each:
// whether there is stdin, whether there is a result channel, whether the image's environment stays,
// whether the kernel is its own, the count of ports, of limits, of variables, of words. Then the
// current folder, what goes before PATH, PATH where the image has none; then ports, limits
// (resource and value), variables (NAME=VALUE) and words, one text each.
struct Ending {
  std::int32_t code;               // as a shell tells it: 128 and more is a signal
  std::int32_t ran_out_of_memory;  // 1: the kernel killed something
  std::int64_t peak_memory_bytes;  // -1: not known
  std::int64_t cpu_us;             // -1: not known
};

}  // namespace swarmlab::sandbox
