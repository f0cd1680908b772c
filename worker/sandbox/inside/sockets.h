// What both ends of a sandbox do with sockets: listen at its loopback, and pass descriptors on
// (SCM_RIGHTS, unix(7)). Plain system calls without memory of their own: a forked child of a
// process with threads may call them, and the program inside a container does.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace swarmlab::sandbox {

inline constexpr std::size_t kMostDescriptors = 8;  // of one message

struct Descriptors {
  std::array<int, kMostDescriptors> fds{};
  std::size_t count = 0;

  void add(int fd) { fds.at(count++) = fd; }
};

// Aligned as the kernel wants it.
union DescriptorRoom {
  cmsghdr header;
  std::array<char, CMSG_SPACE(sizeof(int) * kMostDescriptors)> bytes;
};

/// \return whether all of it went; else errno says why
[[nodiscard]] inline bool send_with(int socket, std::string_view bytes, const Descriptors& sent) {
  iovec data{const_cast<char*>(bytes.data()), bytes.size()};
  DescriptorRoom room{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (sent.count > 0) {
    message.msg_control = &room;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * sent.count);
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * sent.count);
    std::memcpy(CMSG_DATA(header), sent.fds.data(), sizeof(int) * sent.count);
  }
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

/// What comes is closed on exec, and the caller's to close. \return as recvmsg(2)
[[nodiscard]] inline ssize_t receive_with(int socket, char* bytes, std::size_t size, int flags,
                                          Descriptors& received) {
  iovec data{bytes, size};
  DescriptorRoom room{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = &room;
  message.msg_controllen = sizeof room;
  const ssize_t got = ::recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
  const cmsghdr* const header = got < 0 ? nullptr : CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_type == SCM_RIGHTS) {
    received.count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    std::memcpy(received.fds.data(), CMSG_DATA(header), sizeof(int) * received.count);
  }
  return got;
}

/// At the loopback of the namespace that the caller is in, which may not be up yet; closed on exec,
/// and never waits. \return -1 and errno
[[nodiscard]] inline int listen_at(std::uint16_t port) {
  constexpr int kWaiting = 64;  // connections that the kernel keeps
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  const int on = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
      ::setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof on) == 0 &&
      ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      ::listen(fd, kWaiting) == 0) {
    return fd;
  }
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

}  // namespace swarmlab::sandbox
