#include "worker/bridge/relay.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "common/os/clock.h"

namespace swarmlab::worker {
namespace {

// One direction.
class Flow {
 public:
  Flow(int from, int to) : from_(from), to_(to) {}

  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] bool wants_to_read() const { return !done_ && begin_ == end_; }
  [[nodiscard]] bool wants_to_write() const { return !done_ && begin_ != end_; }

  // False: one side is gone.
  bool read() {
    const ssize_t size = ::recv(from_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    begin_ = 0;
    end_ = static_cast<std::size_t>(size);
    if (size > 0) return write();
    done_ = true;
    ::shutdown(to_, SHUT_WR);
    return true;
  }
  bool write() {
    const ssize_t size =
        ::send(to_, buffer_.data() + begin_, end_ - begin_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    begin_ += static_cast<std::size_t>(size);
    return true;
  }

 private:
  int from_;
  int to_;
  bool done_ = false;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::array<char, 32768> buffer_{};
};

short events_of(const Flow& in, const Flow& out) {
  return static_cast<short>((in.wants_to_read() ? POLLIN : 0) |
                            (out.wants_to_write() ? POLLOUT : 0));
}

constexpr short kCanRead = POLLIN | POLLHUP | POLLERR;
constexpr short kCanWrite = POLLOUT | POLLHUP | POLLERR;

}  // namespace

void relay(int a, int b, Milliseconds silence, const CancelToken& stop) {
  Flow there(a, b);
  Flow back(b, a);
  while (!there.done() || !back.done()) {
    const Deadline deadline = Deadline::after(silence);
    const short of_a = events_of(there, back);
    const short of_b = events_of(back, there);
    // Who is not asked about is not looked at: a hang-up would wake us for nothing.
    std::array<pollfd, 3> waits{
        {{of_a == 0 ? -1 : a, of_a, 0}, {of_b == 0 ? -1 : b, of_b, 0}, {stop.fd(), POLLIN, 0}}};
    const int ready = ::poll(waits.data(), waits.size(), deadline.poll_timeout());
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0 || waits[2].revents != 0) return;
    const short at_a = waits[0].revents;
    const short at_b = waits[1].revents;
    bool fine = true;
    if (there.wants_to_read() && (at_a & kCanRead) != 0) {
      fine = there.read();
    } else if (there.wants_to_write() && (at_b & kCanWrite) != 0) {
      fine = there.write();
    }
    if (fine && back.wants_to_read() && (at_b & kCanRead) != 0) {
      fine = back.read();
    } else if (fine && back.wants_to_write() && (at_a & kCanWrite) != 0) {
      fine = back.write();
    }
    if (!fine) return;
  }
}

}  // namespace swarmlab::worker
