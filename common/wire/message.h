// What can be asked of a message without Cap'n Proto in sight.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace swarmlab::wire {

/// The requestId of an envelope; nothing if the bytes are no envelope. For net::Client.
[[nodiscard]] std::optional<std::uint64_t> request_id_of(std::string_view bytes);

}  // namespace swarmlab::wire
