// What becomes of the handshakes of a socket, as ZeroMQ tells it: how many failed, and, of a
// dealer, why it does not get through. For .cc files only: it includes ZeroMQ.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <zmq.hpp>

#include "common/os/clock.h"

namespace swarmlab::net {

/// One thread. Must end before the socket that it watches does.
class Monitor {
 public:
  // Why a dealer does not get through.
  enum class Trouble : std::uint8_t {
    mismatch,    // one side speaks CURVE, the other does not
    hung_up,     // again and again, in the middle of the handshake
    not_let_in,  // the other side is there, and says nothing
  };

  /// To be called before the socket is bound or connected. `handshake`: the most that one may take;
  /// a little less is too long already. Throws zmq::error_t.
  static std::unique_ptr<Monitor> watch(zmq::context_t& context, zmq::socket_t& socket,
                                        Milliseconds handshake);
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;
  Monitor(Monitor&&) = delete;
  Monitor& operator=(Monitor&&) = delete;
  ~Monitor();

  /// For polling: readable when there is something to take in.
  [[nodiscard]] void* handle() { return events_.handle(); }
  /// Never waits. Throws zmq::error_t.
  void take_in();

  [[nodiscard]] std::uint64_t failed() const { return failed_; }
  [[nodiscard]] std::optional<Trouble> trouble() const;
  /// When it will be in trouble, if nothing happens.
  [[nodiscard]] const Deadline& patience() const { return patience_; }
  /// After some errors ZeroMQ gives up for ever: the socket must be connected again.
  [[nodiscard]] bool gave_up() const { return gave_up_; }
  void connected_again() { gave_up_ = false; }

 private:
  Monitor(zmq::socket_t& watched, zmq::socket_t events, Milliseconds most)
      : watched_(watched.handle()), events_(std::move(events)), most_(most) {}
  void note(std::uint16_t event, std::uint32_t value);

  void* watched_;
  zmq::socket_t events_;
  Milliseconds most_;  // of a handshake
  std::uint64_t failed_ = 0;
  unsigned hang_ups_ = 0;  // in a row
  bool mismatch_ = false;
  bool gave_up_ = false;
  Deadline patience_ = Deadline::never();  // with a connection that is not agreed on
};

}  // namespace swarmlab::net
