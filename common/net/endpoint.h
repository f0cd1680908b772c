// Addresses: "ipc:///path/to/socket" and "tcp://host:port", checked and made ready for ZeroMQ.
//
// ZeroMQ itself would remove any file that is in the way of an ipc socket, also one that somebody
// listens on; and a socket's path may have at most 107 bytes. Both are seen to here.
#pragma once

#include <string>

#include "common/os/unique_fd.h"
#include "common/result.h"

namespace swarmlab::net {

// What ZeroMQ gets for an address. Must live as long as the socket that uses it.
struct Place {
  std::string address;    // as it was written: what people and peers are told
  std::string for_zmq;    // longer paths go through /proc/self/fd
  std::string file_name;  // of the socket, in `folder`; empty: tcp
  UniqueFd folder;        // ipc only
  bool ipv6 = false;
};

/// Of tcp: the host is an IP address of this machine, an interface, "*" or "localhost" (127.0.0.1).
/// Of ipc: makes the folder if it is missing (mode 0700), removes a socket file that nobody listens
/// on. \return conflict if somebody listens there; invalid_input if it is no address, if others may
/// enter the folder, or if something else than a socket is in the way.
[[nodiscard]] Result<Place> place_to_bind(const std::string& address);

/// Of ipc: the socket may come later. \return invalid_input if it is no address (a port is 1 to
/// 65535 here); not_found if the path is a long one and its folder is missing.
[[nodiscard]] Result<Place> place_to_connect(const std::string& address);

/// Only the owner may connect to the socket file. Nothing to do for tcp.
[[nodiscard]] Result<void> close_to_others(const Place& place);

/// Of a router that ends: ZeroMQ leaves the file. Nothing to do for tcp.
void remove_socket_file(const Place& place);

/// Whether what goes over it stays on this machine: of ipc, and of tcp if the host is "localhost",
/// [::1] or 127.x.x.x. False for names, whatever they are looked up as.
[[nodiscard]] bool stays_here(const std::string& address);

/// Whether somebody listens at an ipc address now: a socket's file outlives a process that was
/// killed. False for tcp, and for what is no address.
[[nodiscard]] bool somebody_listens(const std::string& address);

}  // namespace swarmlab::net
