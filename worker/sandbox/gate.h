// A gate: a port of the sandbox's own loopback behind which somebody of this process listens. It is
// all that a sandbox may have of a network.
//
// Nothing of a gate runs inside: the listening socket is made in the sandbox's network namespace
// before its command starts, but it is ours. So there is no forwarder to kill or to talk into
// something, no path to a socket, and no other sandbox that could reach it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "common/os/unique_fd.h"
#include "common/result.h"

namespace swarmlab::sandbox {

struct Gate {
  std::uint16_t port = 0;  // at 127.0.0.1; 1 or more, each once
  // Gets each connection, from the thread that runs the sandbox: it must neither block nor throw.
  // Whoever is inside may open as many as it likes: what is one too many is closed here. No call
  // comes after run() has returned.
  std::function<void(UniqueFd connection)> take = {};
};

inline constexpr std::size_t kMostGates = 8;

/// The listening side of the gates of one run.
class Gatekeeper {
 public:
  explicit Gatekeeper(const std::vector<Gate>& gates) : gates_(gates) {}

  [[nodiscard]] bool has_gates() const { return !gates_.empty(); }
  /// Listens in the network namespace of a process, which must not be ours.
  /// \return unavailable if that is not possible
  [[nodiscard]] Result<void> open_inside(pid_t process);
  /// Listens at the loopback of this machine, where every user of it may connect.
  /// \return unavailable if a port is taken
  [[nodiscard]] Result<void> open_here();
  /// Takes listeners that somebody made in the sandbox, in the order of the gates.
  void adopt(std::vector<UniqueFd> listeners) { listeners_ = std::move(listeners); }

  /// For poll(2), in the order of the gates; none as long as they are not open.
  [[nodiscard]] const std::vector<UniqueFd>& listeners() const { return listeners_; }
  /// Hands over what waits at a listener, a bounded number at a time. Never blocks.
  void let_in(std::size_t index) const;
  /// Where the listeners stay inside: hands over one end of a new connection. Never blocks.
  /// \return  the other end, for who connected there; unavailable if there can be none
  [[nodiscard]] Result<UniqueFd> connect(std::size_t index) const;

 private:
  const std::vector<Gate>& gates_;
  std::vector<UniqueFd> listeners_;
};

}  // namespace swarmlab::sandbox
