#include "worker/bridge/address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <system_error>
#include <thread>

namespace swarmlab::worker {
namespace {

struct Range {
  std::array<std::uint8_t, 4> first;
  unsigned bits;
};

// What is not of the internet (RFC 6890), and what nobody answers from.
constexpr std::array<Range, 14> kNotPublic = {{{{0, 0, 0, 0}, 8},
                                               {{10, 0, 0, 0}, 8},
                                               {{100, 64, 0, 0}, 10},
                                               {{127, 0, 0, 0}, 8},
                                               {{169, 254, 0, 0}, 16},
                                               {{172, 16, 0, 0}, 12},
                                               {{192, 0, 0, 0}, 24},
                                               {{192, 0, 2, 0}, 24},
                                               {{192, 168, 0, 0}, 16},
                                               {{198, 18, 0, 0}, 15},
                                               {{198, 51, 100, 0}, 24},
                                               {{203, 0, 113, 0}, 24},
                                               {{224, 0, 0, 0}, 4},
                                               {{240, 0, 0, 0}, 4}}};

using V4 = std::array<std::uint8_t, 4>;
using V6 = std::array<std::uint8_t, 16>;

std::uint32_t number(const V4& address) {
  std::uint32_t value = 0;
  for (const std::uint8_t byte : address) value = (value << 8U) | byte;
  return value;
}

bool is_public_v4(const V4& address) {
  return std::none_of(kNotPublic.begin(), kNotPublic.end(), [&](const Range& range) {
    return ((number(address) ^ number(range.first)) >> (32U - range.bits)) == 0;
  });
}

bool begins_with(const V6& address, std::span<const std::uint8_t> bytes) {
  return std::equal(bytes.begin(), bytes.end(), address.begin());
}

V4 part(const V6& address, std::size_t from) {
  V4 v4{};
  std::copy_n(address.begin() + static_cast<std::ptrdiff_t>(from), 4, v4.begin());
  return v4;
}

std::optional<V4> mapped(const V6& address) {
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  return begins_with(address, kMapped) ? std::optional(part(address, 12)) : std::nullopt;
}

bool is_public_v6(const V6& address) {
  constexpr std::array<std::uint8_t, 12> kNat64 = {0, 0x64, 0xFF, 0x9B};
  constexpr std::array<std::uint8_t, 4> kTeredo = {0x20, 0x01, 0, 0};
  constexpr std::array<std::uint8_t, 4> kDocumentation = {0x20, 0x01, 0x0D, 0xB8};
  if (const auto v4 = mapped(address)) return is_public_v4(*v4);
  if (begins_with(address, kNat64)) return is_public_v4(part(address, 12));
  if (address[0] == 0x20 && address[1] == 0x02) return is_public_v4(part(address, 2));  // 6to4
  if (begins_with(address, kTeredo) || begins_with(address, kDocumentation)) return false;
  return (address[0] & 0xE0U) == 0x20;  // 2000::/3: all that is given out
}

V4 v4_of(const sockaddr_storage& storage) {
  V4 bytes{};
  const auto* const address = reinterpret_cast<const sockaddr_in*>(&storage);
  std::memcpy(bytes.data(), &address->sin_addr, bytes.size());
  return bytes;
}

V6 v6_of(const sockaddr_storage& storage) {
  V6 bytes{};
  const auto* const address = reinterpret_cast<const sockaddr_in6*>(&storage);
  std::memcpy(bytes.data(), &address->sin6_addr, bytes.size());
  return bytes;
}

Result<void> finish_connecting(int fd, Deadline deadline, const CancelToken& stop) {
  std::array<pollfd, 2> waits{{{fd, POLLOUT, 0}, {stop.fd(), POLLIN, 0}}};
  while (waits[0].revents == 0) {
    if (::poll(waits.data(), waits.size(), deadline.poll_timeout()) < 0 && errno != EINTR) {
      return fail(ErrorCode::internal, "poll: {}", std::strerror(errno));
    }
    if (waits[1].revents != 0 || (waits[0].revents == 0 && deadline.expired())) {
      return fail(ErrorCode::unavailable, "out of time");
    }
  }
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return fail(ErrorCode::unavailable, "{}", std::strerror(error));
  return {};
}

}  // namespace

Address::Address(const sockaddr* address, socklen_t size)
    : size_(std::min<socklen_t>(size, sizeof storage_)) {
  std::memcpy(&storage_, address, size_);
}

Result<Address> Address::parse(const std::string& text, std::uint16_t port) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    return Address(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    return Address(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
  }
  return fail(ErrorCode::invalid_input, "{}: no address", text);
}

std::string Address::text() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  const V6 v6 = v6_of(storage_);
  const auto v4 = family() == AF_INET ? std::optional(v4_of(storage_)) : mapped(v6);
  if (v4) {
    ::inet_ntop(AF_INET, v4->data(), buffer.data(), buffer.size());
  } else {
    ::inet_ntop(AF_INET6, v6.data(), buffer.data(), buffer.size());
  }
  return buffer.data();
}

bool Address::is_public() const {
  if (family() == AF_INET) return is_public_v4(v4_of(storage_));
  return family() == AF_INET6 && is_public_v6(v6_of(storage_));
}

Result<std::vector<Address>> resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (error != 0) return fail(ErrorCode::unavailable, "{}: {}", host, ::gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  std::vector<Address> found;
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    found.emplace_back(at->ai_addr, at->ai_addrlen);
  }
  return found;
}

Result<std::vector<Address>> resolve_until(const Resolve& resolve, const std::string& host,
                                           std::uint16_t port, const CancelToken& stop) {
  struct Asked {
    explicit Asked(CancelSource source) : done(std::move(source)) {}
    CancelSource done;
    std::mutex mutex;  // guards the answer
    Result<std::vector<Address>> found = fail(ErrorCode::unavailable, "it is over");
  };
  SWARMLAB_TRY(done, CancelSource::make());
  const auto asked = std::make_shared<Asked>(std::move(done));
  try {
    std::thread([asked, resolve, host, port] {
      auto found = resolve ? resolve(host, port) : worker::resolve(host, port);
      {
        const std::lock_guard lock(asked->mutex);
        asked->found = std::move(found);
      }
      asked->done.cancel();
    }).detach();
  } catch (const std::system_error& error) {
    return fail(ErrorCode::unavailable, "{}: {}", host, error.what());
  }
  const CancelToken answered = asked->done.token();
  std::array<pollfd, 2> waits{{{answered.fd(), POLLIN, 0}, {stop.fd(), POLLIN, 0}}};
  while (::poll(waits.data(), waits.size(), -1) < 0 && errno == EINTR) continue;
  const std::lock_guard lock(asked->mutex);
  return asked->found;
}

std::vector<std::string> own_addresses() {
  std::vector<std::string> found;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return found;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr) continue;
    const int family = at->ifa_addr->sa_family;
    if (family == AF_INET) found.push_back(Address(at->ifa_addr, sizeof(sockaddr_in)).text());
    if (family == AF_INET6) found.push_back(Address(at->ifa_addr, sizeof(sockaddr_in6)).text());
  }
  return found;
}

Result<UniqueFd> connect_to(const Address& address, Deadline deadline, const CancelToken& stop) {
  UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail(ErrorCode::unavailable, "socket: {}", std::strerror(errno));
  if (::connect(fd.get(), address.data(), address.size()) != 0 && errno != EINPROGRESS) {
    return fail(ErrorCode::unavailable, "{}", std::strerror(errno));
  }
  SWARMLAB_CHECK(finish_connecting(fd.get(), deadline, stop));
  return fd;
}

}  // namespace swarmlab::worker
