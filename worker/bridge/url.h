// Addresses of HTTP servers, as far as bridge and proxy need them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace swarmlab::worker {

struct Url {
  bool tls = false;
  std::string host = {};  // in lower case; of IPv6 without the brackets
  std::uint16_t port = 0;
  std::string path = {};  // "/v1?x=1"; empty: none
  bool operator==(const Url&) const = default;
};

/// "http://host:port/path", "https://[::1]/". \return  invalid_input if it is none, or names a user
[[nodiscard]] Result<Url> parse_url(std::string_view text);

struct HostPort {
  std::string host = {};  // as in Url
  std::uint16_t port = 0;
  bool operator==(const HostPort&) const = default;
};

/// "host:port", "[::1]:443"; without a port it is `port`, and none is invalid if that is 0.
[[nodiscard]] Result<HostPort> parse_host_port(std::string_view text, std::uint16_t port);

}  // namespace swarmlab::worker
