#include "common/http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

#include "common/http/connection.h"

namespace swarmlab::http {
namespace {

constexpr Milliseconds kMostOfOne{5000};  // of a connection, from its first byte to its last
constexpr std::size_t kThreads = 4;
constexpr int kBacklog = 64;

// httplib's parser and writer, without its sockets and threads.
class Parser final : public httplib::Server {
 public:
  explicit Parser(const http::Handlers& handlers) {
    set_pre_routing_handler([&handlers](const httplib::Request& request, httplib::Response& to) {
      answer(handlers, request, to);
      return HandlerResponse::Handled;
    });
    set_payload_max_length(0);
  }

  void serve(Connection& connection) {
    bool closed = false;
    process_request(connection, true, closed, nullptr);
  }

 private:
  static void answer(const http::Handlers& handlers, const httplib::Request& request,
                     httplib::Response& to) {
    if (request.method != "GET" && request.method != "HEAD") {
      to.status = 405;
      to.set_header("Allow", "GET, HEAD");
      return to.set_content("expected GET or HEAD\n", "text/plain");
    }
    const auto found = handlers.find(request.path);
    if (found == handlers.end()) {
      std::string paths;
      for (const auto& [path, handler] : handlers) paths += " " + path;
      to.status = 404;
      return to.set_content("not here, expected one of:" + paths + "\n", "text/plain");
    }
    const http::Response response = found->second();
    to.status = response.status;
    to.set_content(response.body, response.type.c_str());
  }
};

struct SocketAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

SocketAddress socket_address(const Address& address) {
  SocketAddress to;
  auto* four = reinterpret_cast<sockaddr_in*>(&to.bytes);
  if (::inet_pton(AF_INET, address.host.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(address.port);
    to.size = sizeof(sockaddr_in);
    return to;
  }
  auto* six = reinterpret_cast<sockaddr_in6*>(&to.bytes);
  ::inet_pton(AF_INET6, address.host.c_str(), &six->sin6_addr);
  six->sin6_family = AF_INET6;
  six->sin6_port = htons(address.port);
  to.size = sizeof(sockaddr_in6);
  return to;
}

std::uint16_t port_of(const UniqueFd& fd) {
  sockaddr_storage bytes{};
  socklen_t size = sizeof(bytes);
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bytes), &size);
  // At the same place in both kinds.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&bytes)->sin_port);
}

std::string shown(const Address& address) {
  const bool is_six = address.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", is_six ? "[" : "", address.host, is_six ? "]" : "", address.port);
}

Result<UniqueFd> listen_at(const Address& address) {
  const SocketAddress to = socket_address(address);
  UniqueFd fd(::socket(to.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0) {
    return fail(ErrorCode::unavailable, "HTTP: no socket: {}", std::strerror(errno));
  }
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&to.bytes), to.size) != 0 ||
      ::listen(fd.get(), kBacklog) != 0) {
    return fail(ErrorCode::conflict, "HTTP at {}: {}", shown(address), std::strerror(errno));
  }
  return fd;
}

}  // namespace

struct Server::Impl {
  Impl(UniqueFd fd, Address bound, CancelSource cancel, Handlers answering)
      : listening(std::move(fd)),
        address(std::move(bound)),
        stop(std::move(cancel)),
        handlers(std::move(answering)),
        parser(handlers) {
    for (std::size_t i = 0; i < kThreads; ++i) threads.emplace_back([this] { serve(); });
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  Impl(Impl&&) = delete;
  Impl& operator=(Impl&&) = delete;
  ~Impl() { stop.cancel(); }  // then the threads are joined, before all else goes

  void serve() {
    const CancelToken stopped = stop.token();
    std::array<pollfd, 2> waits{{{listening.get(), POLLIN, 0}, {stopped.fd(), POLLIN, 0}}};
    while (!stopped.cancelled()) {
      if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return;
      UniqueFd fd(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (fd) {
        Connection connection(std::move(fd), Deadline::after(kMostOfOne), stopped);
        parser.serve(connection);
      } else if (errno == EMFILE || errno == ENFILE) {
        // The process has no file left for a visitor: others need them more.
        if (stopped.wait(kMostOfOne)) return;
      }
    }
  }

  UniqueFd listening;
  Address address;
  CancelSource stop;
  Handlers handlers;
  Parser parser;
  std::vector<std::jthread> threads;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(const Address& address, Handlers handlers) {
  SWARMLAB_TRY(fd, listen_at(address));
  SWARMLAB_TRY(stop, CancelSource::make());
  Address bound = address;
  bound.port = port_of(fd);
  return std::unique_ptr<Server>(new Server(std::make_unique<Impl>(
      std::move(fd), std::move(bound), std::move(stop), std::move(handlers))));
}

std::string Server::url() const {
  return "http://" + shown(impl_->address);
}

}  // namespace swarmlab::http
