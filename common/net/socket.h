// What Router and Dealer have in common: one ZeroMQ socket in a context of its own, set up, waited
// for together with a waker, and read message by message. For .cc files only: it includes ZeroMQ.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <zmq.hpp>

#include "common/net/doorman.h"
#include "common/net/endpoint.h"
#include "common/net/gate.h"
#include "common/net/monitor.h"
#include "common/net/socket_options.h"
#include "common/net/waker.h"
#include "common/os/clock.h"
#include "common/result.h"

namespace swarmlab::net {

// A message: its first two parts, how many there were, and the key that it came from.
struct Frames {
  std::array<std::string, 2> part;
  std::size_t count = 0;
  std::string key;  // Z85; empty if the socket is not guarded
};

struct Readiness {
  bool readable = false;
  bool writable = false;
  bool woken = false;
};

/// One thread at a time; the waker is for any.
class Socket {
 public:
  /// \return invalid_input or conflict as the address is to blame, unavailable if the process is
  /// out of descriptors or memory.
  static Result<Socket> bind(Place place, const SocketOptions& options,
                             const std::optional<Guard>& guard);
  static Result<Socket> connect(Place place, const SocketOptions& options,
                                const std::optional<Credentials>& credentials);

  /// Waits for a message, for the waker (which is cleared) or, if `room`, until a message could be
  /// sent; at most until `deadline`. Signals do not end it.
  Result<Readiness> wait(const Deadline& deadline, bool room);

  /// The next message, if one is there.
  Result<std::optional<Frames>> take();

  /// Never blocks. Of a router.
  Result<Sent> send(std::string_view peer, zmq::message_t message);
  /// Never blocks. Of a dealer, to the only peer.
  Result<Sent> send(std::string_view bytes);

  /// Of one that is bound: nobody new finds it from now on.
  void hide() { remove_socket_file(place_); }

  [[nodiscard]] const Waker& waker() const { return waker_; }
  /// Of one that is guarded; else nothing.
  [[nodiscard]] Doorman* doorman() const { return doorman_.get(); }
  /// Of one that is connected, and whose handshakes() gave up.
  Result<void> connect_again();

  [[nodiscard]] const Monitor& handshakes() const { return *monitor_; }
  [[nodiscard]] const std::string& address() const { return place_.address; }

 private:
  Socket(Place place, std::size_t max_message_bytes, Waker waker, zmq::context_t context,
         std::unique_ptr<Doorman> doorman, zmq::socket_t socket, std::unique_ptr<Monitor> monitor)
      : place_(std::move(place)),
        max_message_bytes_(max_message_bytes),
        waker_(std::move(waker)),
        context_(std::move(context)),
        doorman_(std::move(doorman)),
        socket_(std::move(socket)),
        monitor_(std::move(monitor)) {}
  bool receive(zmq::message_t& frame);
  bool send_part(zmq::message_t& part, zmq::send_flags flags);
  [[nodiscard]] Result<void> check_size(std::size_t size) const;

  Place place_;
  std::size_t max_message_bytes_;
  Waker waker_;
  // Closing the context waits (up to `linger`) until its closed sockets have sent what they hold.
  zmq::context_t context_;
  std::unique_ptr<Doorman> doorman_;
  zmq::socket_t socket_;
  std::unique_ptr<Monitor> monitor_;
};

}  // namespace swarmlab::net
