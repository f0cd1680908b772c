// A hostile command must reach nobody: no network, no socket of the host.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>

#include "common/os/unique_fd.h"
#include "tests/worker/sandbox/fixture.h"

namespace swarmlab::sandbox {
namespace {

using SandboxReachesNobody = SandboxTest;

// A TCP server at the host's loopback.
struct Server {
  Server() : socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket.get(), any, size), 0);
    EXPECT_EQ(::listen(socket.get(), 5), 0);
    EXPECT_EQ(::getsockname(socket.get(), any, &size), 0);
    port = ntohs(address.sin_port);
  }
  UniqueFd socket;
  int port = 0;
};

UniqueFd unix_server(const std::string& name) {
  UniqueFd server(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  EXPECT_LT(name.size(), sizeof address.sun_path);
  std::memcpy(address.sun_path, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  EXPECT_EQ(::bind(server.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(server.get(), 5), 0);
  return server;
}

TEST_F(SandboxReachesNobody, AtTheLoopbackOfTheHost) {
  const Server server;
  SandboxRequest request = python(R"(
import socket, sys
for family, host in [(socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1'),
                     (socket.AF_INET6, '::ffff:127.0.0.1')]:
  try:
    socket.socket(family, socket.SOCK_STREAM).connect((host, int(sys.argv[1])))
    print('connected', host)
  except OSError: pass
)");
  request.args.push_back(std::to_string(server.port));
  EXPECT_EQ(output_of(request), "");
}

TEST_F(SandboxReachesNobody, OnAnyNetwork) {
  EXPECT_EQ(output_of(python(R"(
import socket
print([name for _, name in socket.if_nameindex()])
for family, kind, host in [(socket.AF_INET, socket.SOCK_STREAM, '192.0.2.1'),
                           (socket.AF_INET, socket.SOCK_DGRAM, '192.0.2.1'),
                           (socket.AF_INET, socket.SOCK_DGRAM, '169.254.169.254'),
                           (socket.AF_INET6, socket.SOCK_STREAM, '2001:db8::1'),
                           (socket.AF_INET6, socket.SOCK_DGRAM, 'ff02::1')]:
  try:
    other = socket.socket(family, kind)
    other.settimeout(2)
    other.connect((host, 53))
    other.send(b'x')
    print('sent', host)
  except OSError: pass
)")),
            "['lo']\n");
}

TEST_F(SandboxReachesNobody, ByAnAbstractUnixSocketOfTheHost) {
  const std::string name = "swarmlab-test-" + std::to_string(::getpid());
  const UniqueFd server = unix_server(std::string(1, '\0') + name);
  SandboxRequest request = python(
      "import socket, sys\ntry: socket.socket(socket.AF_UNIX).connect('\\0' + sys.argv[1])\n"
      "except ConnectionRefusedError: print('refused')");
  request.args.push_back(name);
  EXPECT_EQ(output_of(request), "refused\n");
}

TEST_F(SandboxReachesNobody, ByASocketInAFolderThatIsNotMounted) {
  const Folder host;
  const UniqueFd server = unix_server(host / "socket");
  SandboxRequest request = python(
      "import socket, sys\ntry: socket.socket(socket.AF_UNIX).connect(sys.argv[1])\n"
      "except FileNotFoundError: print('not there')");
  request.args.push_back(host / "socket");
  EXPECT_EQ(output_of(request), "not there\n");
}

TEST_F(SandboxReachesNobody, ByRawPacketsOrARareFamily) {
  EXPECT_EQ(output_of(python(R"(
import socket
raw = [(socket.AF_INET, socket.SOCK_RAW, 1), (socket.AF_INET6, socket.SOCK_RAW, 58)]
# AX25, X25, netrom, key, packet, rds, can, tipc, bluetooth, alg, nfc, vsock, kcm, qipcrtr, smc, xdp
rare = [3, 9, 6, 15, 17, 21, 29, 30, 31, 38, 39, 40, 41, 42, 43, 44]
for family, kind, protocol in raw + [(f, k, 0) for f in rare for k in (1, 2, 3, 5)]:
  try:
    socket.socket(family, kind, protocol)
    print('opened', family, kind)
  except OSError: pass
)")),
            "");
}

TEST_F(SandboxReachesNobody, AndCannotMakeANetwork) {
  EXPECT_EQ(output_of(python(R"(
import errno, fcntl, os, socket, struct
# RTM_NEWLINK: a dummy interface.
kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
kind = struct.pack('HH', 9, 1) + b'dummy' + bytes(3)
info = struct.pack('HH', 4 + len(kind), 18) + kind
body = struct.pack('BxHiII', 0, 0, 0, 0, 0) + info
kernel.send(struct.pack('IHHII', 16 + len(body), 16, 0x605, 1, 0) + body)
answer = kernel.recv(4096)
print(struct.unpack_from('H', answer, 4)[0], errno.errorcode[-struct.unpack_from('i', answer, 16)[0]])
# SIOCSIFADDR: another address for lo.
try:
  fcntl.ioctl(socket.socket(), 0x8916, struct.pack('16sHH4s8x', b'lo', 2, 0, bytes([10, 0, 0, 1])))
  print('set')
except OSError as error: print(errno.errorcode[error.errno])
)")),
            in_gvisor() ? "2 EACCES\nENOTTY\n" : "2 EPERM\nEPERM\n");
}

}  // namespace
}  // namespace swarmlab::sandbox
