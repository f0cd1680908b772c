// What the bridge says itself, as the provider would say it: agents read such answers.
#pragma once

#include <string>
#include <string_view>

#include "worker/bridge/provider.h"

namespace swarmlab::worker {

enum class Refusal : std::uint8_t {
  no_token,       // 401
  no_such_path,   // 404
  malformed,      // 400
  too_large,      // 413
  out_of_budget,  // 400 of Anthropic, 429 of OpenAI: as they say that there is no credit left
  unreachable,    // 502: the provider, not the bridge
};

[[nodiscard]] int status_of(Refusal refusal, Wire wire);

/// A whole answer. \param words  for people, one line
[[nodiscard]] std::string refuse(Refusal refusal, Wire wire, std::string_view words);

}  // namespace swarmlab::worker
