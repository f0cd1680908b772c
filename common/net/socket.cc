#include "common/net/socket.h"

#include <algorithm>
#include <cerrno>
#include <limits>

namespace swarmlab::net {
namespace {

constexpr int kConnectMs = 5'000;  // the kernel alone would try for two minutes

int to_int(Milliseconds time) {
  constexpr Milliseconds::rep kMost = std::numeric_limits<int>::max();
  return static_cast<int>(std::clamp<Milliseconds::rep>(time.count(), 0, kMost));
}

// EINTR comes before anything was done, so doing it again is safe.
template <class Action>
auto again_if_interrupted(const Action& action) {
  for (;;) {
    try {
      return action();
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) throw;
    }
  }
}

ErrorCode code_of(int error) {
  switch (error) {
    case EADDRINUSE:
      return ErrorCode::conflict;
    case EINVAL:
    case ENODEV:
    case EADDRNOTAVAIL:
    case EPROTONOSUPPORT:
    case EACCES:
      return ErrorCode::invalid_input;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return ErrorCode::unavailable;
    default:
      return ErrorCode::internal;
  }
}

tl::unexpected<Error> failed(std::string_view what, const std::string& address,
                             const zmq::error_t& error) {
  return fail(code_of(error.num()), "{}: cannot {}: {}", address, what, error.what());
}

// TCP's own probes tell when the other machine is gone; when only the process is, the kernel closes
// its connections. ZeroMQ's heartbeats are not used: with them libzmq 4.3.4 aborts our process when
// a peer goes whose messages fill its queue (zeromq/libzmq issues 4364 and 3937).
void watch_the_other_side(zmq::socket_t& socket, const SocketOptions& options) {
  namespace option = zmq::sockopt;
  const auto seconds = [](Milliseconds time) { return std::max(1, to_int(time) / 1000); };
  socket.set(option::tcp_keepalive, 1);
  socket.set(option::tcp_keepalive_idle, seconds(options.probe_after));
  socket.set(option::tcp_keepalive_intvl, 1);
  socket.set(option::tcp_keepalive_cnt, seconds(options.dead_after - options.probe_after));
  socket.set(option::tcp_maxrt, to_int(options.dead_after));  // what was sent and not acknowledged
}

void set_up(zmq::socket_t& socket, const SocketOptions& options, bool ipv6) {
  namespace option = zmq::sockopt;
  socket.set(option::linger, to_int(options.linger));
  socket.set(option::sndhwm, options.queued_messages);
  socket.set(option::rcvhwm, options.queued_messages);
  socket.set(option::maxmsgsize, static_cast<std::int64_t>(options.max_message_bytes));
  socket.set(option::handshake_ivl, to_int(options.handshake));
  socket.set(option::ipv6, ipv6);
  watch_the_other_side(socket, options);
}

void set_up_router(zmq::socket_t& socket, const SocketOptions& options) {
  namespace option = zmq::sockopt;
  socket.set(option::router_mandatory, true);  // or what cannot be sent would vanish untold
  socket.set(option::router_handover, false);  // or a peer could take over another's replies
  socket.set(option::backlog, options.backlog);
}

void set_up_dealer(zmq::socket_t& socket, const SocketOptions& options) {
  namespace option = zmq::sockopt;
  socket.set(option::reconnect_ivl, to_int(options.reconnect_first));
  socket.set(option::reconnect_ivl_max, to_int(options.reconnect_most));
  socket.set(option::connect_timeout, kConnectMs);
  // Nothing is queued for a connection that is not there: it would arrive long after its sender
  // gave up, together with all that was sent instead.
  socket.set(option::immediate, true);
}

void set_key(zmq::socket_t& socket, int option, std::string_view key) {
  if (zmq_setsockopt(socket.handle(), option, key.data(), key.size()) != 0) throw zmq::error_t();
}

void set_up_guarded(zmq::socket_t& socket, const Guard& guard) {
  // Debian's header hides it as a draft, its library has it. Without it, ZeroMQ lets everybody in
  // when the doorman cannot be asked; where it is not known, binding fails.
  constexpr int kZapEnforceDomain = 93;
  const int enforced = 1;
  if (zmq_setsockopt(socket.handle(), kZapEnforceDomain, &enforced, sizeof enforced) != 0) {
    throw zmq::error_t();
  }
  socket.set(zmq::sockopt::zap_domain, kZapDomain);
  socket.set(zmq::sockopt::curve_server, true);
  set_key(socket, ZMQ_CURVE_SECRETKEY, guard.server_key.reveal());
}

void set_up_credentials(zmq::socket_t& socket, const Credentials& credentials) {
  set_key(socket, ZMQ_CURVE_SERVERKEY, credentials.server.text());
  set_key(socket, ZMQ_CURVE_PUBLICKEY, credentials.own.public_key().text());
  set_key(socket, ZMQ_CURVE_SECRETKEY, credentials.own.reveal());
}

Result<void> check_private(const Place& place, const SocketOptions& options, bool has_keys) {
  if (has_keys || options.insecure || stays_here(place.address)) return {};
  return fail(ErrorCode::invalid_input,
              "{}: is open to other machines, and without keys anybody on the way can read and "
              "forge: make keys (swarmlab keys new), or say --insecure",
              place.address);
}

// Of the connection, as the doorman let it in: the peer has no say in it. Without a doorman it
// would be what the peer likes.
std::string key_of(zmq::message_t& frame) {
  const char* key = zmq_msg_gets(frame.handle(), "User-Id");
  return key == nullptr ? "" : key;
}

}  // namespace

Result<Socket> Socket::bind(Place place, const SocketOptions& options,
                            const std::optional<Guard>& guard) {
  SWARMLAB_CHECK(check_private(place, options, guard.has_value()));
  SWARMLAB_TRY(waker, Waker::make());
  try {
    zmq::context_t context;
    std::unique_ptr<Doorman> doorman;
    if (guard) {  // first the doorman, then the door
      SWARMLAB_TRY(started, Doorman::start(context, guard->gate, waker));
      doorman = std::move(started);
    }
    zmq::socket_t socket(context, zmq::socket_type::router);
    set_up(socket, options, place.ipv6);
    set_up_router(socket, options);
    if (guard) set_up_guarded(socket, *guard);
    auto monitor = Monitor::watch(context, socket, options.handshake);
    socket.bind(place.for_zmq);
    SWARMLAB_CHECK(close_to_others(place));
    if (place.file_name.empty()) place.address = socket.get(zmq::sockopt::last_endpoint);
    return Socket(std::move(place), options.max_message_bytes, std::move(waker), std::move(context),
                  std::move(doorman), std::move(socket), std::move(monitor));
  } catch (const zmq::error_t& error) {
    return failed("listen", place.address, error);
  }
}

Result<Socket> Socket::connect(Place place, const SocketOptions& options,
                               const std::optional<Credentials>& credentials) {
  SWARMLAB_CHECK(check_private(place, options, credentials.has_value()));
  SWARMLAB_TRY(waker, Waker::make());
  try {
    zmq::context_t context;
    zmq::socket_t socket(context, zmq::socket_type::dealer);
    set_up(socket, options, place.ipv6);
    set_up_dealer(socket, options);
    if (credentials) set_up_credentials(socket, *credentials);
    auto monitor = Monitor::watch(context, socket, options.handshake);
    socket.connect(place.for_zmq);
    return Socket(std::move(place), options.max_message_bytes, std::move(waker), std::move(context),
                  nullptr, std::move(socket), std::move(monitor));
  } catch (const zmq::error_t& error) {
    return failed("connect", place.address, error);
  }
}

Result<void> Socket::connect_again() {
  monitor_->connected_again();
  // A dealer takes no second connection to a place that it has one to, be that a dead one.
  zmq_disconnect(socket_.handle(), place_.for_zmq.c_str());
  try {
    socket_.connect(place_.for_zmq);
  } catch (const zmq::error_t& error) {
    return failed("connect", address(), error);
  }
  return {};
}

Result<Readiness> Socket::wait(const Deadline& deadline, bool room) {
  const auto events = static_cast<short>(ZMQ_POLLIN | (room ? ZMQ_POLLOUT : 0));
  std::array<zmq::pollitem_t, 3> items{{{socket_.handle(), 0, events, 0},
                                        {nullptr, waker_.fd(), ZMQ_POLLIN, 0},
                                        {monitor_->handle(), 0, ZMQ_POLLIN, 0}}};
  const auto is_ready = [&](std::size_t item) {
    return (items.at(item).revents & ZMQ_POLLIN) != 0;
  };
  try {
    again_if_interrupted([&] { return zmq::poll(items, Milliseconds(deadline.poll_timeout())); });
    if (is_ready(2)) monitor_->take_in();
  } catch (const zmq::error_t& error) {
    return failed("wait", address(), error);
  }
  return Readiness{.readable = is_ready(0),
                   .writable = (items[0].revents & ZMQ_POLLOUT) != 0,
                   .woken = is_ready(1) && waker_.clear()};
}

bool Socket::receive(zmq::message_t& frame) {
  return again_if_interrupted(
      [&] { return socket_.recv(frame, zmq::recv_flags::dontwait).has_value(); });
}

Result<std::optional<Frames>> Socket::take() {
  try {
    Frames frames;
    zmq::message_t frame;
    // Messages arrive whole: when the first part is there, the others are.
    while (receive(frame)) {
      if (frames.count < frames.part.size()) frames.part.at(frames.count) = frame.to_string();
      ++frames.count;
      if (frame.more()) continue;
      if (doorman_) frames.key = key_of(frame);
      return frames;
    }
    return std::optional<Frames>();
  } catch (const zmq::error_t& error) {
    return failed("receive", address(), error);
  }
}

Result<void> Socket::check_size(std::size_t size) const {
  if (size <= max_message_bytes_) return {};  // else the other side would cut the connection
  return fail(ErrorCode::invalid_input, "a message of {} bytes, at most {} can be sent", size,
              max_message_bytes_);
}

bool Socket::send_part(zmq::message_t& part, zmq::send_flags flags) {
  return again_if_interrupted(
      [&] { return socket_.send(part, flags | zmq::send_flags::dontwait).has_value(); });
}

Result<Sent> Socket::send(std::string_view peer, zmq::message_t message) {
  SWARMLAB_CHECK(check_size(message.size()));
  try {
    zmq::message_t id(peer.data(), peer.size());
    if (!send_part(id, zmq::send_flags::sndmore)) return Sent::full;
    return send_part(message, zmq::send_flags::none) ? Sent::queued : Sent::full;
  } catch (const zmq::error_t& error) {
    if (error.num() == EHOSTUNREACH) return Sent::gone;
    return failed("send", address(), error);
  }
}

Result<Sent> Socket::send(std::string_view bytes) {
  SWARMLAB_CHECK(check_size(bytes.size()));
  try {
    zmq::message_t message(bytes.data(), bytes.size());
    return send_part(message, zmq::send_flags::none) ? Sent::queued : Sent::full;
  } catch (const zmq::error_t& error) {
    return failed("send", address(), error);
  }
}

}  // namespace swarmlab::net
