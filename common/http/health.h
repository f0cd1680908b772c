// What probes of a daemon are told: that it lives, and whether it can do its work now, with
// reasons.
#pragma once

#include <string>
#include <vector>

#include "common/http/server.h"

namespace swarmlab::http {

// Something that keeps a daemon from its work, or that a person should know.
struct Reason {
  std::string what;    // a word that stays the same: "disk", "connection"
  std::string why;     // for people
  bool blocks = true;  // false: it can do its work nevertheless
  bool operator==(const Reason&) const = default;
};

/// Whether nothing keeps it from its work.
[[nodiscard]] bool is_ready(const std::vector<Reason>& reasons);

/// 200 or 503, with {"ready": ..., "reasons": [{"what": ..., "why": ..., "blocks": ...}]}.
[[nodiscard]] Response readiness(const std::vector<Reason>& reasons);

/// 200 and "ok", or 503 and why it hangs; empty: it does not.
[[nodiscard]] Response liveness(const std::string& hangs);

}  // namespace swarmlab::http
