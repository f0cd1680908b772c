// Where HTTP listens, as text.
#include <arpa/inet.h>

#include <charconv>

#include "common/http/server.h"

namespace swarmlab::http {
namespace {

bool is_ip(const std::string& host) {
  in_addr four{};
  in6_addr six{};
  return ::inet_pton(AF_INET, host.c_str(), &four) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &six) == 1;
}

bool read_port(std::string_view text, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

Result<Address> address_from(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  Address address;
  std::string host = colon == std::string::npos ? address.host : text.substr(0, colon);
  const bool in_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  const bool is_six = host.find(':') != std::string::npos;
  if (in_brackets) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = address.host;
  const std::string_view port =
      std::string_view(text).substr(colon == std::string::npos ? 0 : colon + 1);
  if (is_six != in_brackets || !is_ip(host) || !read_port(port, address.port)) {
    return fail(ErrorCode::invalid_input,
                "\"{}\" is no address for HTTP, expected a port such as 9464, or an IP address and "
                "a port: 127.0.0.1:9464, [::1]:9464",
                text);
  }
  address.host = std::move(host);
  return address;
}

bool stays_here(const Address& address) {
  in_addr four{};
  constexpr std::uint32_t kLoopback = 127;
  if (::inet_pton(AF_INET, address.host.c_str(), &four) == 1) {
    return ntohl(four.s_addr) >> 24U == kLoopback;
  }
  in6_addr six{};
  return ::inet_pton(AF_INET6, address.host.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

}  // namespace swarmlab::http
