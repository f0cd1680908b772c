// Gates of a container that no descriptor leaves: gVisor takes some in, and lets none out. So the
// listening sockets stay here, and the worker sends a socket in for each connection that comes;
// what is said on one is passed on to the other. No path leads to these sockets, so nobody else
// inside gets one but by its gate.
//
// All memory is static, and nothing waits: one loop serves this and the command's end.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "worker/sandbox/inside/orders.h"
#include "worker/sandbox/inside/sockets.h"

namespace swarmlab::sandbox::inside {

inline constexpr std::size_t kMostRelayed = 256;  // connections at once; what is more is closed
static_assert(kMostRelayed <= 256, "their numbers are bytes");
inline constexpr std::size_t kRelayPortion = 16UL << 10U;

// What goes from one socket to the other.
class Flow {
 public:
  void begin() { begin_ = end_ = 0, ended_ = false; }
  [[nodiscard]] bool wants_more() const { return !ended_ && begin_ == end_; }
  [[nodiscard]] bool has_some() const { return begin_ != end_; }
  [[nodiscard]] bool is_over() const { return ended_ && begin_ == end_; }
  /// Nobody takes it any more.
  void give_up() { begin_ = end_ = 0, ended_ = true; }

  /// \return  whether anything moved
  bool pass_on(int from, int to) {
    if (is_over()) return false;
    bool moved = false;
    if (wants_more()) moved = take(from);
    if (has_some()) moved = send(to) || moved;
    if (is_over()) ::shutdown(to, SHUT_WR);
    return moved;
  }

 private:
  bool take(int from) {
    const ssize_t got = ::recv(from, bytes_.data(), bytes_.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    begin_ = 0;
    end_ = got > 0 ? static_cast<std::size_t>(got) : 0;
    ended_ = got <= 0;
    return true;
  }
  bool send(int to) {
    const ssize_t sent =
        ::send(to, bytes_.data() + begin_, end_ - begin_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (sent < 0) {
      give_up();
    } else {
      begin_ += static_cast<std::size_t>(sent);
    }
    return true;
  }

  std::array<char, kRelayPortion> bytes_{};
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool ended_ = false;  // nothing more comes
};

class Relay {
 public:
  static constexpr std::size_t kMostEvents = kMostPorts + 2 * kMostRelayed;

  void listen_at(const Descriptors& gates) { gates_ = gates; }

  /// What to wait for. \return  how many events there are
  std::size_t ask(pollfd* events) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < gates_.count; ++i) events[count++] = {gates_.fds[i], POLLIN, 0};
    for (const Pair& pair : pairs_) {
      if (pair.state != Pair::State::open) continue;
      events[count++] = {wanted_of(pair.inside, pair.out, pair.in)};
      events[count++] = {wanted_of(pair.outside, pair.in, pair.out)};
    }
    return count;
  }

  /// After poll(2) of what ask() said. \param control  the socket to the worker
  void serve(const pollfd* events, int control) {
    // What it did not ask about, of a connection that comes now, has its turn the next time.
    const pollfd* at = events + gates_.count;
    for (Pair& pair : pairs_) {
      if (pair.state != Pair::State::open) continue;
      if (at[0].revents != 0 || at[1].revents != 0) pass_on(pair);
      at += 2;
    }
    for (std::size_t i = 0; i < gates_.count; ++i) {
      if (events[i].revents != 0) let_in(i, control);
    }
  }

  /// The worker's answer. \param socket  -1: the connection is refused
  void connect(std::size_t number, int socket) {
    Pair& pair = pairs_[number];
    if (pair.state != Pair::State::waits) return;  // nobody asked
    pair.outside = socket;
    if (socket < 0) return close(pair);
    pair.state = Pair::State::open;
    pair.in.begin();
    pair.out.begin();
  }

  /// What was said before the command ended and had not gone out.
  void pass_on_the_rest() {
    for (Pair& pair : pairs_) {
      while (pair.state == Pair::State::open && pair.out.pass_on(pair.inside, pair.outside)) {
      }
    }
  }

 private:
  struct Pair {
    enum class State : unsigned char { free, waits, open };
    State state = State::free;
    int inside = -1;
    int outside = -1;
    Flow in;   // to who connected inside
    Flow out;  // to the worker
  };

  // Who is not asked about does not tell that he hung up, either: nothing would come of it.
  static pollfd wanted_of(int fd, const Flow& from_it, const Flow& to_it) {
    short events = 0;
    if (from_it.wants_more()) events |= POLLIN;
    if (to_it.has_some()) events |= POLLOUT;
    return {events == 0 ? -1 : fd, events, 0};
  }

  static bool hung_up(int fd) {
    pollfd event{fd, 0, 0};
    return ::poll(&event, 1, 0) == 1 && (event.revents & (POLLHUP | POLLERR)) != 0;
  }

  static void pass_on(Pair& pair) {
    pair.out.pass_on(pair.inside, pair.outside);
    pair.in.pass_on(pair.outside, pair.inside);
    // Who has gone for good takes nothing more; who only says no more still listens.
    if (pair.in.is_over() && !pair.out.is_over() && hung_up(pair.outside)) pair.out.give_up();
    if (pair.out.is_over() && !pair.in.is_over() && hung_up(pair.inside)) pair.in.give_up();
    if (pair.in.is_over() && pair.out.is_over()) close(pair);
  }

  static void close(Pair& pair) {
    ::close(pair.inside);
    if (pair.outside >= 0) ::close(pair.outside);
    pair.inside = pair.outside = -1;
    pair.state = Pair::State::free;
  }

  Pair* free_slot() {
    for (Pair& pair : pairs_) {
      if (pair.state == Pair::State::free) return &pair;
    }
    return nullptr;
  }

  void let_in(std::size_t gate, int control) {
    const int fd = ::accept4(gates_.fds[gate], nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;  // it is gone again
    Pair* const pair = free_slot();
    if (pair == nullptr) {
      ::close(fd);
      return;
    }
    pair->inside = fd;
    pair->state = Pair::State::waits;
    const std::array<char, 3> asked{kGate, static_cast<char>(gate),
                                    static_cast<char>(pair - pairs_.data())};
    if (::send(control, asked.data(), asked.size(), MSG_NOSIGNAL) < 0) ::_exit(1);
  }

  Descriptors gates_;
  std::array<Pair, kMostRelayed> pairs_{};
};

}  // namespace swarmlab::sandbox::inside
