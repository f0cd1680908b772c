#include "worker/runner/loopback.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/seccomp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <unordered_set>

namespace swarmlab::runner {
namespace {

constexpr std::size_t kMostKnown = 1U << 16U;  // sockets; then only those that listen are known
constexpr int kConnectMs = 2000;  // of a listener whose queue is full: the others wait meanwhile

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
  sockaddr_un path;
  sockaddr_storage room;
};

struct Asked {
  Address address{};
  socklen_t size = 0;
};

bool is_loopback(const Address& address) {
  constexpr std::uint32_t kNet = 127;
  constexpr unsigned kShift = 24;
  const auto is_ours = [](std::uint32_t v4) { return v4 == 0 || v4 >> kShift == kNet; };
  if (address.any.sa_family == AF_INET) return is_ours(ntohl(address.v4.sin_addr.s_addr));
  const in6_addr& v6 = address.v6.sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) {
    std::uint32_t v4 = 0;
    std::memcpy(&v4, &v6.s6_addr[12], sizeof v4);
    return is_ours(ntohl(v4));
  }
  return IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_UNSPECIFIED(&v6);
}

std::uint16_t port_of(const Address& address) {
  return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

// Those that listen, as /proc/net/tcp has them.
struct Listener {
  std::uint16_t port;
  ino_t inode;
};

std::vector<Listener> listeners() {
  std::vector<Listener> found;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream file(table);
    std::string line;
    std::getline(file, line);  // the heading
    while (std::getline(file, line)) {
      std::istringstream words(line);
      std::string number, local, remote, state, queues, timer, retransmits, user, timeout;
      ino_t inode = 0;
      words >> number >> local >> remote >> state >> queues >> timer >> retransmits >> user >>
          timeout >> inode;
      constexpr int kHex = 16;
      if (!words || state != "0A") continue;
      const auto port = std::stoul(local.substr(local.rfind(':') + 1), nullptr, kHex);
      found.push_back({static_cast<std::uint16_t>(port), inode});
    }
  }
  return found;
}

UniqueFd socket_at_loopback(int family, int flags) {
  UniqueFd made(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, IPPROTO_TCP));
  constexpr char kDevice[] = "lo";
  if (made && ::setsockopt(made.get(), SOL_SOCKET, SO_BINDTODEVICE, kDevice, sizeof kDevice) != 0) {
    return {};
  }
  return made;
}

ino_t inode_of(const UniqueFd& file) {
  struct stat about {};
  return ::fstat(file.get(), &about) == 0 ? about.st_ino : 0;
}

// \return an errno
int connect_within(const UniqueFd& socket, const Address& address, socklen_t size) {
  if (::connect(socket.get(), &address.any, size) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd ready{.fd = socket.get(), .events = POLLOUT, .revents = 0};
  if (::poll(&ready, 1, kConnectMs) <= 0) return ETIMEDOUT;
  int error = 0;
  socklen_t room = sizeof error;
  return ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &room) == 0 ? error : errno;
}

class Supervisor {
 public:
  Supervisor(UniqueFd questions, const Loopback& what)
      : questions_(std::move(questions)), what_(what) {}

  void run() {
    pollfd event{.fd = questions_.get(), .events = POLLIN, .revents = 0};
    while (::poll(&event, 1, -1) >= 0 || errno == EINTR) {
      if ((event.revents & POLLIN) != 0) {
        answer();
      } else if (event.revents != 0) {
        return;  // nobody is left to ask
      }
    }
  }

 private:
  void answer() {
    std::memset(&question_, 0, sizeof question_);
    if (::ioctl(questions_.get(), SECCOMP_IOCTL_NOTIF_RECV, &question_) != 0) return;
    seccomp_notif_resp said{};
    said.id = question_.id;
    if (question_.data.nr == SYS_socket) {
      make_socket(said);
    } else if (question_.data.nr == SYS_connect) {
      connect(said);
    } else {
      said.error = -ENOSYS;
    }
    ::ioctl(questions_.get(), SECCOMP_IOCTL_NOTIF_SEND, &said);
  }

  [[nodiscard]] bool still_waits() const {
    return ::ioctl(questions_.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &question_.id) == 0;
  }

  void make_socket(seccomp_notif_resp& said) {
    const auto family = static_cast<int>(question_.data.args[0]);
    const auto type = static_cast<int>(question_.data.args[1]);
    const auto protocol = static_cast<int>(question_.data.args[2]);
    constexpr int kKind = 0xf;
    if ((type & kKind) != SOCK_STREAM || (protocol != 0 && protocol != IPPROTO_TCP)) {
      said.error = -EACCES;
      return;
    }
    const UniqueFd made = socket_at_loopback(family, type & SOCK_NONBLOCK);
    if (!made) {
      said.error = -EACCES;
      return;
    }
    const int given = give(made, std::nullopt, (type & SOCK_CLOEXEC) != 0);
    if (given < 0) {
      said.error = -EMFILE;
    } else {
      said.val = given;
    }
  }

  // Into the asking process; in the place of one that it has. \return  -1: not possible
  int give(const UniqueFd& socket, std::optional<int> place, bool closes_on_exec) {
    know(inode_of(socket));
    seccomp_notif_addfd one{};
    one.id = question_.id;
    one.srcfd = static_cast<unsigned>(socket.get());
    if (place) {
      one.flags = SECCOMP_ADDFD_FLAG_SETFD;
      one.newfd = static_cast<unsigned>(*place);
    }
    one.newfd_flags = closes_on_exec ? O_CLOEXEC : 0;
    return ::ioctl(questions_.get(), SECCOMP_IOCTL_NOTIF_ADDFD, &one);
  }

  void know(ino_t socket) {
    if (known_.size() >= kMostKnown) {
      std::unordered_set<ino_t> listening;
      for (const Listener& one : listeners()) {
        if (known_.contains(one.inode)) listening.insert(one.inode);
      }
      known_ = std::move(listening);
    }
    known_.insert(socket);
  }

  // Nothing if the process cannot be looked into, or is gone.
  [[nodiscard]] std::optional<Asked> read_address() const {
    Asked asked;
    const std::uint64_t size = question_.data.args[2] & 0xffffffffU;
    if (size < sizeof(sa_family_t) || size > sizeof asked.address) return std::nullopt;
    const UniqueFd memory(
        ::open(fmt::format("/proc/{}/mem", question_.pid).c_str(), O_RDONLY | O_CLOEXEC));
    const ssize_t got = memory ? ::pread(memory.get(), &asked.address, size,
                                         static_cast<off_t>(question_.data.args[1]))
                               : -1;
    if (got != static_cast<ssize_t>(size) || !still_waits()) return std::nullopt;
    asked.size = static_cast<socklen_t>(size);
    return asked;
  }

  void go_on(seccomp_notif_resp& said, int otherwise) const {
    if (what_.ports_are_held) {
      said.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    } else {
      said.error = -otherwise;
    }
  }

  void connect(seccomp_notif_resp& said) {
    const auto asked = read_address();
    if (!asked) return go_on(said, EACCES);
    switch (asked->address.any.sa_family) {
      case AF_UNIX:
        return connect_path(*asked, said);
      case AF_INET:
      case AF_INET6:
        return connect_port(*asked, said);
      case AF_UNSPEC:
        return go_on(said, EAFNOSUPPORT);
      default:
        said.error = -EAFNOSUPPORT;
    }
  }

  void connect_port(const Asked& asked, seccomp_notif_resp& said) {
    const bool is_whole =
        asked.size >=
        (asked.address.any.sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    const std::uint16_t port = port_of(asked.address);
    if (!is_whole) {
      said.error = -EINVAL;
    } else if (!is_loopback(asked.address)) {
      said.error = -ENETUNREACH;
    } else if (is_gate(port)) {
      what_.ports_are_held ? go_on(said, EACCES) : replace(asked, said);
    } else if (listens_itself(port)) {
      replace(asked, said);
    } else {
      said.error = -ECONNREFUSED;
    }
  }

  [[nodiscard]] bool is_gate(std::uint16_t port) const {
    return std::ranges::find(what_.gates, port) != what_.gates.end();
  }

  // It does, and nobody else.
  [[nodiscard]] bool listens_itself(std::uint16_t port) const {
    bool found = false;
    for (const Listener& one : listeners()) {
      if (one.port != port) continue;
      if (!known_.contains(one.inode)) return false;
      found = true;
    }
    return found;
  }

  struct OfDescriptor {
    bool waits_for_nothing = false;
    bool closes_on_exec = false;
  };
  [[nodiscard]] OfDescriptor flags_of(int fd) const {
    std::ifstream file(fmt::format("/proc/{}/fdinfo/{}", question_.pid, fd));
    std::string word;
    unsigned flags = 0;
    while (file >> word && word != "flags:") continue;
    file >> std::oct >> flags;
    return {(flags & O_NONBLOCK) != 0, (flags & O_CLOEXEC) != 0};
  }

  // The socket of the command by one that is connected.
  void replace(const Asked& asked, seccomp_notif_resp& said) {
    const UniqueFd made = socket_at_loopback(asked.address.any.sa_family, SOCK_NONBLOCK);
    if (!made) {
      said.error = -EACCES;
      return;
    }
    const int on = 1;
    ::setsockopt(made.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    said.error = -connect_within(made, asked.address, asked.size);
    if (said.error == 0) put_in_place(made, said);
  }

  void put_in_place(const UniqueFd& made, seccomp_notif_resp& said) {
    const auto fd = static_cast<int>(question_.data.args[0]);
    const OfDescriptor flags = flags_of(fd);
    if (!flags.waits_for_nothing) {
      const int now = ::fcntl(made.get(), F_GETFL);
      ::fcntl(made.get(), F_SETFL, now & ~O_NONBLOCK);
    }
    if (give(made, fd, flags.closes_on_exec) < 0) said.error = -EACCES;
  }

  // A path that is looked up once. Abstract names are of the whole pod.
  void connect_path(const Asked& asked, seccomp_notif_resp& said) {
    if (what_.ports_are_held && what_.names_are_held) return go_on(said, EACCES);
    const std::string name(
        asked.address.path.sun_path,
        ::strnlen(asked.address.path.sun_path, asked.size - offsetof(sockaddr_un, sun_path)));
    if (name.empty()) {
      said.error = -ECONNREFUSED;
      return;
    }
    const std::string path =
        name.starts_with('/') ? name : fmt::format("/proc/{}/cwd/{}", question_.pid, name);
    const UniqueFd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!place) {
      said.error = -errno;
      return;
    }
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string held = fmt::format("/proc/self/fd/{}", place.get());
    std::memcpy(address.sun_path, held.c_str(), held.size() + 1);
    for (const int kind : {SOCK_STREAM, SOCK_SEQPACKET}) {
      const UniqueFd made(::socket(AF_UNIX, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      const bool is_there =
          ::connect(made.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
      said.error = is_there ? 0 : -errno;
      if (is_there) return put_in_place(made, said);
      if (said.error != -EPROTOTYPE) return;
    }
  }

  UniqueFd questions_;
  const Loopback& what_;
  std::unordered_set<ino_t> known_;  // sockets that we made
  seccomp_notif question_{};
};

}  // namespace

void supervise_sockets(UniqueFd questions, const Loopback& what) {
  Supervisor(std::move(questions), what).run();
}

}  // namespace swarmlab::runner
