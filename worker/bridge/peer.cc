#include "worker/bridge/peer.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace swarmlab::worker {

Result<void> Peer::wait(short events, Deadline deadline) const {
  for (;;) {
    std::array<pollfd, 2> waits{{{socket_.get(), events, 0}, {stop_.fd(), POLLIN, 0}}};
    const int ready = ::poll(waits.data(), waits.size(), deadline.poll_timeout());
    if (ready < 0 && errno != EINTR) {
      return fail(ErrorCode::internal, "poll: {}", std::strerror(errno));
    }
    if (waits[1].revents != 0) return fail(ErrorCode::unavailable, "it is over");
    if (ready > 0 && waits[0].revents != 0) return {};
    if (deadline.expired()) return fail(ErrorCode::unavailable, "out of time");
  }
}

Result<bool> Peer::fill(Deadline deadline) {
  std::array<char, 16384> bytes;  // NOLINT(cppcoreguidelines-pro-type-member-init): recv fills it
  for (;;) {
    SWARMLAB_CHECK(wait(POLLIN, deadline));
    const ssize_t size = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size > 0) buffer_.append(bytes.data(), static_cast<std::size_t>(size));
    if (size >= 0) return size > 0;
    if (errno == EAGAIN || errno == EINTR) continue;
    return fail(ErrorCode::unavailable, "{}", std::strerror(errno));
  }
}

Result<std::string> Peer::read_until(std::string_view end, std::size_t most, Deadline deadline) {
  std::size_t from = 0;
  for (;;) {
    const std::size_t found = buffer_.find(end, from);
    if (found != std::string::npos && found <= most) {
      std::string text = buffer_.substr(0, found + end.size());
      buffer_.erase(0, text.size());
      return text;
    }
    if (buffer_.size() > most) {
      return fail(ErrorCode::invalid_input, "longer than {} bytes", most);
    }
    from = buffer_.size() < end.size() ? 0 : buffer_.size() - end.size();
    SWARMLAB_TRY(more, fill(deadline));
    if (more) continue;
    if (buffer_.empty()) return std::string();
    return fail(ErrorCode::unavailable, "it hung up in the middle");
  }
}

Result<std::string> Peer::read_exactly(std::size_t size, Deadline deadline) {
  while (buffer_.size() < size) {
    SWARMLAB_TRY(more, fill(deadline));
    if (!more) return fail(ErrorCode::unavailable, "it hung up in the middle");
  }
  std::string bytes = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return bytes;
}

Result<void> Peer::send(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const ssize_t sent =
        ::send(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      SWARMLAB_CHECK(wait(POLLOUT, deadline));
    } else if (errno != EINTR) {
      return fail(ErrorCode::unavailable, "{}", std::strerror(errno));
    }
  }
  return {};
}

bool Peer::is_gone() const {
  pollfd event{.fd = socket_.get(), .events = POLLRDHUP, .revents = 0};
  return ::poll(&event, 1, 0) > 0 && (event.revents & (POLLHUP | POLLERR)) != 0;
}

void Peer::finish() const {
  ::shutdown(socket_.get(), SHUT_WR);
}

}  // namespace swarmlab::worker
