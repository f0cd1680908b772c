#include "worker/sandbox/gate.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "worker/sandbox/inside/sockets.h"

namespace swarmlab::sandbox {
namespace {

constexpr int kLetInAtOnce = 16;  // then others of the run have their turn
constexpr char kDone = 1;         // what a helper says when it has made all sockets

static_assert(kMostGates <= kMostDescriptors);

// What the helper does: it goes where the sandbox is. Its exit code is an errno.
[[noreturn]] void make_sockets(int owner, int network, int channel,
                               const std::array<std::uint16_t, kMostGates>& ports,
                               std::size_t count) {
  if (owner >= 0 && ::setns(owner, CLONE_NEWUSER) != 0) ::_exit(errno);
  if (::setns(network, CLONE_NEWNET) != 0) ::_exit(errno);
  Descriptors sockets;
  for (std::size_t i = 0; i < count; ++i) {
    const int fd = listen_at(ports.at(i));
    if (fd < 0) ::_exit(errno);
    sockets.add(fd);
  }
  ::_exit(send_with(channel, {&kDone, 1}, sockets) ? 0 : errno);
}

Result<std::vector<UniqueFd>> receive_sockets(int channel, std::size_t count) {
  char done = 0;
  Descriptors received;
  const ssize_t got = receive_with(channel, &done, 1, MSG_DONTWAIT, received);
  std::vector<UniqueFd> sockets(received.fds.begin(), received.fds.begin() + received.count);
  if (got != 1 || done != kDone) return fail(ErrorCode::unavailable, "gate: no socket came");
  if (sockets.size() != count) return fail(ErrorCode::internal, "gate: a socket is missing");
  return sockets;
}

struct Namespaces {
  UniqueFd network;
  UniqueFd owner;  // the user namespace with rights over it; none: our own
};

bool same(const UniqueFd& a, const UniqueFd& b) {
  struct stat one {};
  struct stat other {};
  return ::fstat(a.get(), &one) == 0 && ::fstat(b.get(), &other) == 0 &&
         one.st_ino == other.st_ino && one.st_dev == other.st_dev;
}

Result<Namespaces> namespaces_of(pid_t process) {
  const auto open = [](const std::string& path) {
    return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  };
  Namespaces found{.network = open(fmt::format("/proc/{}/ns/net", process)), .owner = {}};
  const UniqueFd our_network = open("/proc/self/ns/net");
  const UniqueFd ours = open("/proc/self/ns/user");
  if (!found.network || !our_network || !ours) {
    return fail(ErrorCode::unavailable, "gate: network namespace: {}", std::strerror(errno));
  }
  if (same(found.network, our_network)) {
    return fail(ErrorCode::unavailable, "gate: the sandbox has no network namespace of its own");
  }
  UniqueFd owner(::ioctl(found.network.get(), NS_GET_USERNS));
  if (!owner) {
    return fail(ErrorCode::unavailable, "gate: user namespace: {}", std::strerror(errno));
  }
  if (!same(owner, ours)) found.owner = std::move(owner);
  return found;
}

}  // namespace

// To enter a user namespace a process must have one thread: so a forked helper does it.
Result<void> Gatekeeper::open_inside(pid_t process) {
  if (gates_.size() > kMostGates) {
    return fail(ErrorCode::invalid_input, "{} gates, expected {} at most", gates_.size(),
                kMostGates);
  }
  SWARMLAB_TRY(namespaces, namespaces_of(process));
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail(ErrorCode::unavailable, "gate: {}", std::strerror(errno));
  }
  const UniqueFd here(ends[0]);
  const UniqueFd there(ends[1]);
  std::array<std::uint16_t, kMostGates> ports{};
  for (std::size_t i = 0; i < gates_.size(); ++i) ports.at(i) = gates_.at(i).port;
  const pid_t helper = ::fork();
  if (helper < 0) return fail(ErrorCode::unavailable, "gate: fork: {}", std::strerror(errno));
  if (helper == 0) {
    make_sockets(namespaces.owner.get(), namespaces.network.get(), there.get(), ports,
                 gates_.size());
  }
  int status = 0;
  while (::waitpid(helper, &status, 0) < 0 && errno == EINTR) continue;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return fail(ErrorCode::unavailable, "gate: a port inside the sandbox: {}",
                WIFEXITED(status) ? std::strerror(WEXITSTATUS(status)) : "its helper was killed");
  }
  SWARMLAB_TRY(sockets, receive_sockets(here.get(), gates_.size()));
  listeners_ = std::move(sockets);
  return {};
}

Result<void> Gatekeeper::open_here() {
  for (const Gate& gate : gates_) {
    UniqueFd listener(listen_at(gate.port));
    if (!listener) {
      return fail(ErrorCode::unavailable, "gate: port {} of this machine: {}", gate.port,
                  std::strerror(errno));
    }
    listeners_.push_back(std::move(listener));
  }
  return {};
}

Result<UniqueFd> Gatekeeper::connect(std::size_t index) const {
  if (index >= gates_.size()) return fail(ErrorCode::unavailable, "gate: there is no such");
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail(ErrorCode::unavailable, "gate: {}", std::strerror(errno));
  }
  UniqueFd here(ends[0]);
  UniqueFd there(ends[1]);
  if (gates_[index].take) gates_[index].take(std::move(here));
  return there;
}

void Gatekeeper::let_in(std::size_t index) const {
  for (int i = 0; i < kLetInAtOnce; ++i) {
    UniqueFd connection(::accept4(listeners_[index].get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection) return;  // nobody more, or it is gone again
    if (gates_[index].take) gates_[index].take(std::move(connection));
  }
}

}  // namespace swarmlab::sandbox
