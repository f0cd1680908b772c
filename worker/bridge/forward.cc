#include "worker/bridge/forward.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "worker/bridge/relay.h"

namespace swarmlab::worker {
namespace {

constexpr std::size_t kMostConnections = 64;
constexpr Milliseconds kSilence{600'000};

}  // namespace

UniqueFd connect_here(std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!fd || ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    fd.reset();
  }
  return fd;
}

Result<std::unique_ptr<Forward>> Forward::start(std::uint16_t port) {
  SWARMLAB_TRY(callers, Callers::make(kMostConnections, [port](Peer& peer) {
                 const UniqueFd service = connect_here(port);
                 if (service) relay(peer.fd(), service.get(), kSilence, peer.stop());
               }));
  return std::unique_ptr<Forward>(new Forward(std::move(callers)));
}

}  // namespace swarmlab::worker
