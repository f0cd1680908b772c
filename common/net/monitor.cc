#include "common/net/monitor.h"

#include <array>
#include <cstring>

namespace swarmlab::net {
namespace {

constexpr const char* kPlace = "inproc://handshakes";
constexpr unsigned kHangUps = 3;  // fewer may be a peer that is just restarted

}  // namespace

std::unique_ptr<Monitor> Monitor::watch(zmq::context_t& context, zmq::socket_t& socket,
                                        Milliseconds handshake) {
  constexpr int kWanted = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_DISCONNECTED |
                          ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                          ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;
  constexpr int kWantedOfRouter =
      ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;
  const bool is_router = socket.get(zmq::sockopt::type) == ZMQ_ROUTER;
  zmq::socket_t events(context, zmq::socket_type::pair);
  events.set(zmq::sockopt::linger, 0);
  events.set(zmq::sockopt::rcvhwm, 0);  // a full queue would stop ZeroMQ's own thread
  if (zmq_socket_monitor(socket.handle(), kPlace, is_router ? kWantedOfRouter : kWanted) != 0) {
    throw zmq::error_t();
  }
  events.connect(kPlace);
  return std::unique_ptr<Monitor>(new Monitor(socket, std::move(events), handshake * 4 / 5));
}

// First no more events, then nobody who takes them: the other way round ZeroMQ's thread would wait
// for us for ever.
Monitor::~Monitor() {
  zmq_socket_monitor(watched_, nullptr, 0);
}

// An event: two bytes of what, four of a value; then an address.
void Monitor::take_in() {
  zmq::message_t frame;
  while (events_.recv(frame, zmq::recv_flags::dontwait)) {
    std::uint16_t event = 0;
    std::uint32_t value = 0;
    if (frame.size() == sizeof event + sizeof value) {
      std::memcpy(&event, frame.data(), sizeof event);
      std::memcpy(&value, frame.data<std::byte>() + sizeof event, sizeof value);
      note(event, value);
    }
    while (frame.more()) {
      if (!events_.recv(frame, zmq::recv_flags::dontwait)) return;
    }
  }
}

void Monitor::note(std::uint16_t event, std::uint32_t value) {
  if (event == ZMQ_EVENT_CONNECTED) {
    patience_ = Deadline::after(most_);
  } else if (event == ZMQ_EVENT_DISCONNECTED) {
    patience_ = Deadline::never();
  } else if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
    patience_ = Deadline::never();
    hang_ups_ = 0;
    mismatch_ = false;
  } else {
    ++failed_;
    if (!patience_.expired()) ++hang_ups_;
    patience_ = Deadline::never();
    if (event != ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) return;
    gave_up_ = true;
    if (value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH) mismatch_ = true;
  }
}

std::optional<Monitor::Trouble> Monitor::trouble() const {
  if (mismatch_) return Trouble::mismatch;
  if (hang_ups_ >= kHangUps) return Trouble::hung_up;
  if (patience_.expired()) return Trouble::not_let_in;
  return std::nullopt;
}

}  // namespace swarmlab::net
