// Text as a JSON string.
#pragma once

#include <string>
#include <string_view>

namespace swarmlab {

/// With its quotes; always one line of valid UTF-8: bytes that are none become U+FFFD.
[[nodiscard]] std::string json_string(std::string_view text);

}  // namespace swarmlab
