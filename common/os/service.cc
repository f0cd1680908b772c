#include "common/os/service.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstring>

namespace swarmlab {
namespace {

std::optional<std::uint64_t> number_in(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Milliseconds> interval_of(const Service::Environment& environment) {
  const auto usec = number_in(environment.watchdog_usec);
  if (!usec || *usec == 0 || *usec > std::uint64_t{INT64_MAX}) return std::nullopt;
  const bool for_another =
      !environment.watchdog_pid.empty() &&
      number_in(environment.watchdog_pid) != static_cast<std::uint64_t>(::getpid());
  if (for_another) return std::nullopt;
  return std::max(Milliseconds(1), Milliseconds(static_cast<std::int64_t>(*usec / 2000)));
}

}  // namespace

Result<Service> Service::from(const Environment& environment) {
  Service service;
  const std::string& name = environment.notify_socket;
  if (name.empty()) return service;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if ((name[0] != '/' && name[0] != '@') || name.size() < 2 ||
      name.size() >= sizeof address.sun_path) {
    return fail(ErrorCode::invalid_input,
                "NOTIFY_SOCKET is {}, expected a path or @ and a name, of at most {} bytes", name,
                sizeof address.sun_path - 1);
  }
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name[0] == '@') address.sun_path[0] = '\0';
  service.address_.assign(reinterpret_cast<const char*>(&address),
                          offsetof(sockaddr_un, sun_path) + name.size());
  service.socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!service.socket_) {
    return fail(ErrorCode::unavailable, "NOTIFY_SOCKET: {}", std::strerror(errno));
  }
  service.interval_ = interval_of(environment);
  return service;
}

void Service::reloading() const {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();  // CLOCK_MONOTONIC
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                   std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
}

void Service::status(std::string_view text) const {
  std::string line = fmt::format("STATUS={}", text);
  std::ranges::replace(line, '\n', ' ');
  send(line);
}

void Service::send(std::string_view message) const {
  if (!socket_) return;
  ssize_t sent = 0;
  do {
    sent = ::sendto(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL,
                    reinterpret_cast<const sockaddr*>(address_.data()),
                    static_cast<socklen_t>(address_.size()));
  } while (sent < 0 && errno == EINTR);
}

}  // namespace swarmlab
