// One GET of a daemon's HTTP for machines, as a probe makes it.
#pragma once

#include <string>

#include "common/http/server.h"
#include "common/os/clock.h"

namespace swarmlab::http {

// What to ask, taken apart.
struct Url {
  std::string origin;  // "http://127.0.0.1:9464"
  std::string path;    // "/healthz"; empty: none was given
  bool operator==(const Url&) const = default;
};

/// "http://HOST:PORT/PATH", "HOST:PORT" or a port of 127.0.0.1. \return invalid_input if it is none
/// of these
[[nodiscard]] Result<Url> url_from(const std::string& text);

/// The answer, of any status, if it came within `most`. Redirects are not followed.
/// \return unavailable with the reason if none came, or one that is larger than 1 MiB
[[nodiscard]] Result<Response> get(const std::string& origin, const std::string& path,
                                   Milliseconds most);

}  // namespace swarmlab::http
