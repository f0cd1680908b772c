#include "common/http/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace swarmlab::http {

// Not after the deadline, even if there is something.
bool Connection::wait_for(short events) const {
  while (!deadline_.expired()) {
    std::array<pollfd, 2> waits{{{fd_.get(), events, 0}, {cancel_.fd(), POLLIN, 0}}};
    const int ready = ::poll(waits.data(), waits.size(), deadline_.poll_timeout());
    if (ready < 0 && errno != EINTR) return false;
    if (waits[1].revents != 0) return false;
    if (ready > 0) return true;
  }
  return false;
}

bool Connection::is_readable() const {
  return wait_for(POLLIN);
}

bool Connection::is_writable() const {
  return wait_for(POLLOUT);
}

ssize_t Connection::read(char* to, size_t size) {
  while (wait_for(POLLIN)) {
    const ssize_t got = ::recv(fd_.get(), to, size, 0);
    if (got >= 0 || (errno != EAGAIN && errno != EINTR)) return got;
  }
  return -1;
}

ssize_t Connection::write(const char* from, size_t size) {
  while (wait_for(POLLOUT)) {
    const ssize_t sent = ::send(fd_.get(), from, size, MSG_NOSIGNAL);
    if (sent >= 0 || (errno != EAGAIN && errno != EINTR)) return sent;
  }
  return -1;
}

// Nobody looks at them.
void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

}  // namespace swarmlab::http
