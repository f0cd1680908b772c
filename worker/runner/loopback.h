// The supervisor of what a command may do with a network that it shares with others (a pod's):
// makes its TCP sockets, and decides where they connect to.
//
// Each socket is bound to the loopback device before the command has it, which takes a capability
// to undo: so what listens is reached from this pod only, and nothing leaves it. What it may
// connect to is the gates, and what it listens at itself. Where Landlock decides ports the kernel
// holds the gates; else, and for its own listeners, a socket that is connected by us takes the
// place of the command's, so that no address is read twice.
#pragma once

#include <cstdint>
#include <vector>

#include "common/os/unique_fd.h"

namespace swarmlab::runner {

struct Loopback {
  std::vector<std::uint16_t> gates;
  bool ports_are_held = false;  // by Landlock: what we let go on cannot go elsewhere
  bool names_are_held = false;  // by Landlock: abstract sockets of others
};

/// Serves until all are gone that the filter was installed for. \param questions  of the filter
void supervise_sockets(UniqueFd questions, const Loopback& what);

}  // namespace swarmlab::runner
