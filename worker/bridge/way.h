// The way from a worker to a provider: straight, or by a proxy that the worker's environment names,
// as curl and others read it (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY, in either case).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "worker/bridge/url.h"

namespace swarmlab::worker {

struct Way {
  HostPort proxy = {};
  std::string user = {};  // empty: it asks for none
  std::string password = {};
  bool operator==(const Way&) const = default;
};

/// \param environment  "NAME=VALUE". \return none: straight there. So is what is at the loopback,
/// what NO_PROXY names ("example.org" and below it, ".example.org", "10.0.0.7", "host:port", "*"),
/// and what has a proxy of another kind than http.
[[nodiscard]] std::optional<Way> way_to(const Url& url,
                                        const std::vector<std::string>& environment);

/// The passwords of proxies, which are nobody's to read.
[[nodiscard]] std::vector<std::string> proxy_passwords(const std::vector<std::string>& environment);

}  // namespace swarmlab::worker
