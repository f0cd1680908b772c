// Requests of HTTP/1.1 from who is not trusted: read with bounds, and strictly, so that nobody else
// reads them differently.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "worker/bridge/peer.h"

namespace swarmlab::worker {

inline constexpr std::size_t kMostHeadBytes = 64UL << 10U;

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;  // names in lower case

struct HttpRequest {
  std::string method;  // "POST"
  std::string target;  // as it came: "/v1/messages?beta=true", "example.org:443", "http://..."
  HttpHeaders headers;
  std::string body;  // read_body() fills it

  /// Empty if there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  /// The target up to '?'.
  [[nodiscard]] std::string_view path() const;
};

/// \return  invalid_input if it is none, is larger than kMostHeadBytes, or is ambiguous: two
///          lengths, a folded line, control characters. Nothing if the peer hung up instead.
[[nodiscard]] Result<std::optional<HttpRequest>> read_head(Peer& peer, Deadline deadline);
[[nodiscard]] Result<HttpRequest> parse_head(std::string_view text);

/// \return  conflict if it is larger than `most`
[[nodiscard]] Result<void> read_body(Peer& peer, HttpRequest& request, std::size_t most,
                                     Deadline deadline);

/// Between two that know nothing of what is before and behind them: "connection" and the like.
[[nodiscard]] bool is_hop_by_hop(std::string_view name);

[[nodiscard]] std::string_view reason_of(int status);

/// A whole answer, after which the connection ends.
[[nodiscard]] std::string answer(int status, std::string_view content_type, std::string_view body,
                                 const HttpHeaders& more = {});

}  // namespace swarmlab::worker
